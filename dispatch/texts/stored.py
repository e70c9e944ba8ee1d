"""An account's stored templates; every version is kept, and a campaign copies the one that it is created with."""

from dataclasses import asdict, dataclass
from functools import partial
from uuid import UUID

import psycopg

from dispatch.caller import Caller
from dispatch.errors import Duplicate, InvalidRequest, InvalidTemplate, NotFound
from dispatch.formats.checks import can_be_id, checked_name, composed
from dispatch.formats.view import Channel, Time, View
from dispatch.texts.placeholders import compile_for
from dispatch.texts.template import compile_template
from models.database import db
from models.page import Page
from models.states import CHANNELS
from models.template import Template, TemplateVersion


class TemplateView(View):
    """A text under a name, with the number of its current version."""

    id: int
    account_id: UUID
    name: str
    channel: Channel | None
    body: str
    version: int
    placeholders: list[str]
    created_at: Time
    updated_at: Time


class VersionView(View):
    """One body that a template has or had."""

    version: int
    body: str
    actor: str
    created_at: Time


@dataclass(frozen=True, slots=True)
class CampaignText:
    """The text of a campaign and, when it is copied from a stored template, which template and version."""

    text: str
    template_id: int | None = None
    version: int | None = None


def create_template(caller: Caller, *, name: str, body: str, channel: str | None = None) -> TemplateView:
    """Stores a template as its version 1; Duplicate when the name is taken."""
    account_id = caller.one_account()
    name, body, channel = checked_name(name), _checked_body(account_id, body), _checked_channel(channel)
    with db.atomic():
        made = Template.add(account_id, name=name, body=body, channel=channel, actor=caller.actor)
        if made is None:
            raise _taken()
        _note(caller, "template.created", made)
    return _view(made)


def read_template(caller: Caller, template_id: int) -> TemplateView:
    """Returns the template; NotFound when it is not the caller's to see."""
    return _view(_found(caller, template_id))


def list_templates(caller: Caller, *, page: int = 1, page_size: int = 20) -> Page[TemplateView]:
    """Returns one page of templates, newest first."""
    return Template.page(caller.account, page=page, page_size=page_size).map(_view)


def list_versions(caller: Caller, template_id: int, *, page: int = 1, page_size: int = 20) -> Page[VersionView]:
    """Returns one page of the bodies that a template has had, the current one first."""
    template = _found(caller, template_id)
    return TemplateVersion.page(template.id, page=page, page_size=page_size).map(VersionView.model_validate)


def edit_template(caller: Caller, template_id: int, **changes: str | None) -> TemplateView:
    """Changes the name, body or channel; another body becomes a new version."""
    if not changes:
        return read_template(caller, template_id)
    values = _checked(_found(caller, template_id).account_id, changes)
    try:
        with db.atomic():
            edited = Template.edit(_checked_id(template_id), caller.account, **values, actor=caller.actor)
            if edited is None:
                raise _missing()
            _note(caller, "template.changed", edited)
    except psycopg.errors.UniqueViolation:
        raise _taken() from None
    return _view(edited)


def delete_template(caller: Caller, template_id: int) -> None:
    """Deletes a template and its versions; campaigns written with it keep their text."""
    with db.atomic():
        removed = Template.remove(_checked_id(template_id), caller.account)
        if removed is None:
            raise _missing()
        _note(caller, "template.deleted", removed)


def template_called(caller: Caller, name: str) -> int:
    """Returns the id of the account's template of this name; NotFound when there is none."""
    found = Template.id_named(caller.one_account(), checked_name(name))
    if found is None:
        raise NotFound(f"There is no template called {name.strip()!r}.")
    return found


def text_for_campaign(
    caller: Caller, account_id: UUID, *, template: str, template_id: int | None, channel: str
) -> CampaignText:
    """Returns the checked text of a campaign: its own, or that of a stored template."""
    if template_id is None:
        template = composed(template)
        compile_for(account_id, template)
        return CampaignText(template)
    if template:
        raise InvalidRequest(
            "A campaign has either a text of its own or a template_id; leave one of them out.", field="template_id"
        )
    stored = _found(caller.within(account_id), template_id)
    if stored.channel not in (None, channel):
        raise InvalidRequest(
            f"This template is for {stored.channel}, not for {channel}; choose another template or channel.",
            field="template_id",
        )
    return CampaignText(stored.body, template_id, stored.version)


def check_version(account_id: UUID, template_id: int | None, version: int | None) -> None:
    """Refuses a version that has been deleted, and locks any other until the transaction ends."""
    if template_id is not None and not TemplateVersion.keep(template_id, version, account_id):
        raise _missing()


def _checked(account_id: UUID, changes: dict[str, str | None]) -> dict[str, str | None]:
    """Returns the checked changes of name, body and channel; a name or a body cannot be removed."""
    checked = dict(changes)
    for field, check in (("name", checked_name), ("body", partial(_checked_body, account_id))):
        if field in changes:
            value = changes[field]
            if value is None:
                raise InvalidRequest(f"{field} must be a text.", field=field)
            checked[field] = check(value)
    _checked_channel(changes.get("channel"))
    return checked


def _checked_body(account_id: UUID, body: str) -> str:
    if not body.strip():
        raise InvalidTemplate("The template has no text; write one.")
    body = composed(body)
    compile_for(account_id, body)
    return str(body)


def _checked_channel(channel: str | None) -> str | None:
    if channel not in (None, *CHANNELS):
        raise InvalidRequest(f"channel is one of {', '.join(CHANNELS)}, or null for any.", field="channel")
    return channel


def _found(caller: Caller, template_id: int) -> Template:
    template = Template.find(_checked_id(template_id), caller.account)
    if template is None:
        raise _missing()
    return template


def _checked_id(template_id: int) -> int:
    if not can_be_id(template_id):
        raise _missing()
    return template_id


def _missing() -> NotFound:
    return NotFound("There is no such template.")


def _taken() -> Duplicate:
    return Duplicate("There is already a template of this name; choose another.", field="name")


def _note(caller: Caller, action: str, template: Template) -> None:
    caller.note(action, template.id, account_id=template.account_id, version=template.version)


def _view(template: Template) -> TemplateView:
    return TemplateView(**asdict(template), placeholders=list(compile_template(template.body).placeholders))
