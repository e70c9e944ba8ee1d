"""Stored templates: the current body, and every earlier one, so that a campaign can name the version it copied."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from models.database import row, scalar
from models.page import Page, read_page
from models.row import Row
from models.tenancy import Tenant, owned_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Template(Row):
    """A text of an account, under a name."""

    id: int
    account_id: UUID
    name: str
    #: None for any channel.
    channel: str | None
    body: str
    #: The number of its current body, counted from 1.
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def find(cls, template_id: int, tenant: Tenant) -> Self | None:
        """Returns the template; None when there is none or it is not the tenant's."""
        return row(
            f"SELECT * FROM template WHERE id = %(id)s AND {owned_by(tenant)}",
            {"id": template_id, "account": tenant},
            into=cls,
        )

    @classmethod
    def id_named(cls, account_id: UUID, name: str) -> int | None:
        """Returns the id of the account's template of this name, or None."""
        found: int | None = scalar(
            "SELECT id FROM template WHERE account_id = %s AND name_key(name) = name_key(%s)", [account_id, name]
        )
        return found

    @classmethod
    def page(cls, tenant: Tenant, *, page: int, page_size: int) -> Page[Self]:
        """Returns one page of the tenant's templates, newest first."""
        return read_page(
            f"SELECT * FROM template WHERE {owned_by(tenant)}",
            {"account": tenant},
            order="id DESC",
            page=page,
            page_size=page_size,
            into=cls,
        )

    @classmethod
    def add(cls, account_id: UUID, *, name: str, body: str, channel: str | None, actor: str) -> Self | None:
        """Inserts a template and its first version; None when the name is taken."""
        return row(
            _with_its_version(
                """INSERT INTO template (account_id, name, body, channel)
                   VALUES (%(account)s, %(name)s, %(body)s, %(channel)s)
                   ON CONFLICT DO NOTHING"""
            ),
            {"account": account_id, "name": name, "body": body, "channel": channel, "actor": actor},
            into=cls,
        )

    @classmethod
    def edit(cls, template_id: int, tenant: Tenant, *, actor: str, **changes: str | None) -> Self | None:
        """Changes name, body or channel; another body becomes a new version, stored beside the earlier ones."""
        columns = "".join(f"{column} = %({column})s, " for column in ("name", "body", "channel") if column in changes)
        version = "version + (body <> %(body)s)::int" if "body" in changes else "version"
        return row(
            _with_its_version(
                f"""UPDATE template SET {columns} version = {version}, updated_at = now()
                    WHERE id = %(id)s AND {owned_by(tenant)}"""
            ),
            {"id": template_id, "account": tenant, "actor": actor, **changes},
            into=cls,
        )

    @classmethod
    def remove(cls, template_id: int, tenant: Tenant) -> Self | None:
        """Deletes and returns a template, with its versions; campaigns keep the text they copied."""
        return row(
            f"DELETE FROM template WHERE id = %(id)s AND {owned_by(tenant)} RETURNING *",
            {"id": template_id, "account": tenant},
            into=cls,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateVersion(Row):
    """One body that a template has or had."""

    account_id: UUID
    template_id: int
    version: int
    body: str
    #: Who wrote it.
    actor: str
    created_at: datetime

    @classmethod
    def page(cls, template_id: int, *, page: int, page_size: int) -> Page[Self]:
        """Returns one page of the template's versions, the current one first."""
        return read_page(
            "SELECT * FROM template_version WHERE template_id = %(template)s",
            {"template": template_id},
            order="version DESC",
            page=page,
            page_size=page_size,
            into=cls,
        )

    @classmethod
    def keep(cls, template_id: int, version: int | None, account_id: UUID) -> bool:
        """Locks the account's version against deletion until the transaction ends; False when there is none."""
        known = """SELECT true FROM template_version WHERE template_id = %s AND version = %s AND account_id = %s
                   FOR KEY SHARE"""
        return scalar(known, [template_id, version, account_id]) is not None


def _with_its_version(change: str) -> str:
    """Returns the statement that makes this change and stores the resulting version, unless it is stored already."""
    return f"""WITH changed AS ({change} RETURNING *), kept AS (
          INSERT INTO template_version (account_id, template_id, version, body, actor)
          SELECT account_id, id, version, body, %(actor)s FROM changed
          ON CONFLICT DO NOTHING)
        SELECT * FROM changed"""
