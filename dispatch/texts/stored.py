"""An account's stored templates; every body one has had is kept, and a campaign copies the one it is written with."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from dispatch.caller import Caller
from dispatch.errors import Duplicate, InvalidRequest, InvalidTemplate, NotFound
from dispatch.formats.checks import can_be_id, checked_name
from dispatch.texts.template import compile_template
from models.database import db, row, rows
from models.states import CHANNELS
from models.template import Template
from models.tenancy import owned_by


@dataclass(frozen=True, slots=True)
class CampaignText:
    """The text of a campaign and, when it is copied from a stored template, from which version of which."""

    text: str
    template_id: int | None = None
    version: int | None = None


def create_template(caller: Caller, *, name: str, body: str, channel: str | None = None) -> dict[str, Any]:
    """Stores a template as its version 1 and gives it as shown; Duplicate when the name is taken."""
    values = _checked({"name": name, "body": body, "channel": channel})
    with db.atomic():
        made = Template.add(caller.one_account(), **values, actor=caller.actor)
        if made is None:
            raise _taken()
        _note(caller, "template.created", made)
    return _shown(made)


def read_template(caller: Caller, template_id: int) -> dict[str, Any]:
    """The template as shown; without an account (an operator), anybody's."""
    return _shown(_found(caller, template_id))


def list_templates(caller: Caller, *, page: int = 1, page_size: int = 20) -> tuple[list[dict[str, Any]], int]:
    """One page of templates, newest first, and how many there are in all."""
    where = owned_by(caller.account)
    given = {"account": caller.account, "limit": page_size, "offset": (page - 1) * page_size}
    found = rows(f"SELECT * FROM template WHERE {where} ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s", given)
    total = row(f"SELECT count(*) AS total FROM template WHERE {where}", given)
    assert total is not None
    return [_shown(template) for template in found], total["total"]


def list_versions(
    caller: Caller, template_id: int, *, page: int = 1, page_size: int = 20
) -> tuple[list[dict[str, Any]], int]:
    """One page of the bodies a template has had, the present one first, and how many there are in all."""
    template = _found(caller, template_id)
    found = rows(
        """SELECT version, body, actor, created_at FROM template_version WHERE template_id = %s
           ORDER BY version DESC LIMIT %s OFFSET %s""",
        [template_id, page_size, (page - 1) * page_size],
    )
    # Versions are counted from 1 and none is ever removed.
    return [kept | {"created_at": kept["created_at"].isoformat()} for kept in found], template["version"]


def edit_template(caller: Caller, template_id: int, **changes: str | None) -> dict[str, Any]:
    """Changes its name, body or channel and gives it as shown; a new body is a new version."""
    before = _found(caller, template_id)
    values = _checked(changes)
    if not values:
        return _shown(before)
    try:
        with db.atomic():
            edited = Template.edit(template_id, **values, actor=caller.actor)
            if edited is None:
                raise _missing()
            _note(caller, "template.changed", edited)
    except psycopg.errors.UniqueViolation:
        raise _taken() from None
    return _shown(edited)


def delete_template(caller: Caller, template_id: int) -> None:
    """Deletes a template and its versions; campaigns written with it keep their text."""
    template = _found(caller, template_id)
    with db.atomic():
        if not Template.remove(template_id):
            raise _missing()
        _note(caller, "template.deleted", template)


def template_called(caller: Caller, name: str) -> int:
    """The id of the account's template of this name; NotFound when there is none."""
    found = row(
        "SELECT id FROM template WHERE account_id = %s AND name = %s", [caller.one_account(), checked_name(name)]
    )
    if found is None:
        raise NotFound(f"There is no template called {name.strip()!r}.")
    return found["id"]


def text_for_campaign(
    caller: Caller, account_id: UUID, *, template: str, template_id: int | None, channel: str
) -> CampaignText:
    """Returns the text a campaign is written with, checked: one of its own, or that of a stored template."""
    if template_id is None:
        compile_template(template)
        return CampaignText(template)
    if template:
        raise InvalidRequest(
            "A campaign has either a text of its own or a template_id; leave one of them out.", field="template_id"
        )
    stored = _found(caller.within(account_id), template_id)
    if stored["channel"] not in (None, channel):
        raise InvalidRequest(
            f"This template is for {stored['channel']}, not for {channel}; choose another template or channel.",
            field="template_id",
        )
    return CampaignText(stored["body"], template_id, stored["version"])


def check_version(account_id: UUID, template_id: int | None, version: int | None) -> None:
    """Refuses a version that is gone, and keeps any other until the transaction is over."""
    if template_id is None:
        return
    known = """SELECT 1 FROM template_version WHERE account_id = %s AND template_id = %s AND version = %s
               FOR KEY SHARE"""
    if row(known, [account_id, template_id, version]) is None:
        raise _missing()


def _checked(values: dict[str, str | None]) -> dict[str, Any]:
    """What is given of name, body and channel, each checked."""
    checked: dict[str, Any] = dict(values)
    if "name" in values:
        checked["name"] = checked_name(_text(values, "name"))
    if "body" in values:
        body = _text(values, "body")
        if not body.strip():
            raise InvalidTemplate("The template has no text.")
        compile_template(body)
    if values.get("channel") not in (None, *CHANNELS):
        raise InvalidRequest(f"channel is one of {', '.join(CHANNELS)}, or null for any.", field="channel")
    return checked


def _text(values: dict[str, str | None], field: str) -> str:
    value = values[field]
    if value is None:
        raise InvalidRequest(f"{field} must be a text.", field=field)
    return value


def _found(caller: Caller, template_id: int) -> dict[str, Any]:
    template = Template.find(template_id, caller.account) if can_be_id(template_id) else None
    if template is None:
        raise _missing()
    return template


def _missing() -> NotFound:
    return NotFound("There is no such template.")


def _taken() -> Duplicate:
    return Duplicate("There is already a template of this name.", field="name")


def _note(caller: Caller, action: str, template: dict[str, Any]) -> None:
    caller.note(action, template["id"], account_id=template["account_id"], version=template["version"])


def _shown(template: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": template["id"],
        "account_id": str(template["account_id"]),
        "name": template["name"],
        "channel": template["channel"],
        "body": template["body"],
        "version": template["version"],
        "placeholders": list(compile_template(template["body"]).placeholders),
        "created_at": template["created_at"].isoformat(),
        "updated_at": template["updated_at"].isoformat(),
    }
