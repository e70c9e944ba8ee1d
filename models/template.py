"""Stored templates: the present body, and beside it every body there was, so that a campaign can name its own."""

from typing import Any
from uuid import UUID

from peewee import BigIntegerField, CompositeKey, ForeignKeyField, IntegerField, TextField, UUIDField
from playhouse.postgres_ext import DateTimeTZField, IdentityField

from models.database import NOW, AccountKey, Row, changed, row
from models.tenancy import Tenant, owned_by


class Template(Row):
    """A text of an account under a name; `channel` NULL means for any."""

    id = IdentityField(generate_always=True)
    account = ForeignKeyField(AccountKey, index=False)
    name = TextField()
    channel = TextField(null=True)
    body = TextField()
    version = IntegerField(default=1)
    created_at = DateTimeTZField(constraints=NOW)
    updated_at = DateTimeTZField(constraints=NOW)

    class Meta:
        indexes = ((("account", "name"), True), (("account", "id"), True))

    @classmethod
    def find(cls, template_id: int, tenant: Tenant) -> dict[str, Any] | None:
        """Returns the template, or None when there is none or it is not the tenant's."""
        return row(
            f"SELECT * FROM template WHERE id = %(id)s AND {owned_by(tenant)}",
            {"id": template_id, "account": tenant},
        )

    @classmethod
    def add(cls, account_id: UUID, *, name: str, body: str, channel: str | None, actor: str) -> dict[str, Any] | None:
        """Inserts a template and its first version; None when the name is taken."""
        return row(
            f"""WITH changed AS (
                  INSERT INTO template (account_id, name, body, channel)
                  VALUES (%(account)s, %(name)s, %(body)s, %(channel)s)
                  ON CONFLICT (account_id, name) DO NOTHING RETURNING *),
                {_KEPT}""",
            {"account": account_id, "name": name, "body": body, "channel": channel, "actor": actor},
        )

    @classmethod
    def edit(cls, template_id: int, *, actor: str, **changes: str | None) -> dict[str, Any] | None:
        """Changes name, body or channel; another body is another version, kept like those before it."""
        columns = "".join(f"{column} = %({column})s, " for column in ("name", "body", "channel") if column in changes)
        version = "version + (body <> %(body)s)::int" if "body" in changes else "version"
        return row(
            f"""WITH changed AS (
                  UPDATE template SET {columns} version = {version}, updated_at = now()
                  WHERE id = %(id)s RETURNING *),
                {_KEPT}""",
            {"id": template_id, "actor": actor, **changes},
        )

    @classmethod
    def remove(cls, template_id: int) -> bool:
        """Deletes a template and its versions; campaigns keep the text they copied."""
        return changed("DELETE FROM template WHERE id = %s", [template_id]) == 1


# The version is written by the statement that makes it; one that is there already is this very one.
_KEPT = """
kept AS (
  INSERT INTO template_version (account_id, template_id, version, body, actor)
  SELECT account_id, id, version, body, %(actor)s FROM changed
  ON CONFLICT DO NOTHING)
SELECT * FROM changed"""


class TemplateVersion(Row):
    """One body that a template has or had."""

    account_id = UUIDField()
    template_id = BigIntegerField()
    version = IntegerField()
    body = TextField()
    actor = TextField(default="")
    created_at = DateTimeTZField(constraints=NOW)

    class Meta:
        primary_key = CompositeKey("template_id", "version")
        indexes = ((("account_id", "template_id", "version"), True),)
