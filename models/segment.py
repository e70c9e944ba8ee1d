"""Stored segments: a filter over an account's customers, under a name."""

from typing import Any
from uuid import UUID

from peewee import ForeignKeyField, TextField
from playhouse.postgres_ext import BinaryJSONField, DateTimeTZField, IdentityField
from psycopg.types.json import Jsonb

from models.database import NOW, AccountKey, Row, changed, row
from models.tenancy import Tenant, owned_by


class Segment(Row):
    """A filter of an account; whom it selects is decided anew whenever it is asked."""

    id = IdentityField(generate_always=True)
    account = ForeignKeyField(AccountKey, index=False)
    name = TextField()
    filter = BinaryJSONField(index=False)
    created_at = DateTimeTZField(constraints=NOW)
    updated_at = DateTimeTZField(constraints=NOW)

    class Meta:
        indexes = ((("account", "name"), True), (("account", "id"), True))

    @classmethod
    def find(cls, segment_id: int, tenant: Tenant) -> dict[str, Any] | None:
        """Returns the segment, or None when there is none or it is not the tenant's."""
        return row(
            f"SELECT * FROM segment WHERE id = %(id)s AND {owned_by(tenant)}",
            {"id": segment_id, "account": tenant},
        )

    @classmethod
    def add(cls, account_id: UUID, *, name: str, filter: dict[str, Any]) -> dict[str, Any] | None:
        """Inserts a segment; None when the name is taken."""
        return row(
            """INSERT INTO segment (account_id, name, filter) VALUES (%s, %s, %s)
               ON CONFLICT (account_id, name) DO NOTHING RETURNING *""",
            [account_id, name, Jsonb(filter)],
        )

    @classmethod
    def edit(cls, segment_id: int, *, name: str | None, filter: dict[str, Any] | None) -> dict[str, Any] | None:
        """Changes name or filter, what is None stays; campaigns that were claimed keep the filter they had."""
        return row(
            """UPDATE segment SET name = coalesce(%(name)s, name), filter = coalesce(%(filter)s, filter),
                      updated_at = now()
               WHERE id = %(id)s RETURNING *""",
            {"id": segment_id, "name": name, "filter": Jsonb(filter) if filter else None},
        )

    @classmethod
    def remove(cls, segment_id: int) -> bool:
        """Deletes a segment; the table refuses while a campaign is still to be started with it."""
        return changed("DELETE FROM segment WHERE id = %s", [segment_id]) == 1
