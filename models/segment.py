"""Stored segments: a filter over an account's customers, under a name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from psycopg.types.json import Jsonb

from models.campaigns.awaiting import OF_SEGMENT
from models.database import row, rows, scalar
from models.page import Page, read_page
from models.row import JsonObject, Row
from models.search import Search, matches
from models.tenancy import Tenant, owned_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment(Row):
    """A filter of an account, evaluated each time it is used."""

    id: int
    account_id: UUID
    name: str
    #: JSON, which `dispatch/audience/filter.py` reads.
    filter: JsonObject
    created_at: datetime
    updated_at: datetime

    @classmethod
    def find(cls, segment_id: int, tenant: Tenant) -> Self | None:
        """Returns the segment; None when there is none or it is not the tenant's."""
        return row(
            f"SELECT * FROM segment WHERE id = %(id)s AND {owned_by(tenant)}",
            {"id": segment_id, "account": tenant},
            into=cls,
        )

    @classmethod
    def id_named(cls, account_id: UUID, name: str) -> int | None:
        """Returns the id of the account's segment of this name, or None."""
        found: int | None = scalar(
            "SELECT id FROM segment WHERE account_id = %s AND name_key(name) = name_key(%s)", [account_id, name]
        )
        return found

    @classmethod
    def page(cls, tenant: Tenant, *, page: int, page_size: int, q: Search = ()) -> Page[Self]:
        """Returns one page of the tenant's segments with these names, newest first."""
        named, params = matches(q, "folded(name)")
        return read_page(
            f"SELECT * FROM segment WHERE {owned_by(tenant)} AND {named}",
            {"account": tenant, **params},
            order="id DESC",
            page=page,
            page_size=page_size,
            into=cls,
        )

    @classmethod
    def add(cls, account_id: UUID, *, name: str, filter: JsonObject) -> Self | None:
        """Inserts a segment; None when the name is taken."""
        return row(
            """INSERT INTO segment (account_id, name, filter) VALUES (%s, %s, %s)
               ON CONFLICT DO NOTHING RETURNING *""",
            [account_id, name, Jsonb(filter)],
            into=cls,
        )

    @classmethod
    def edit(
        cls,
        segment_id: int,
        tenant: Tenant,
        *,
        name: str | None = None,
        filter: JsonObject | None = None,
        may_send: bool,
    ) -> Self | None:
        """Changes name and filter, each unless it is None; campaigns that have started keep the filter they had.

        None when there is no such segment, or another filter would change whom a campaign goes to that starts by
        itself, and the caller may not send.
        """
        return row(
            f"""UPDATE segment SET name = coalesce(%(name)s, name), filter = coalesce(%(filter)s, filter),
                       updated_at = now()
                WHERE id = %(id)s AND {owned_by(tenant)}
                  AND (%(may_send)s OR coalesce(%(filter)s, filter) = filter OR {OF_SEGMENT} IS NULL) RETURNING *""",
            {
                "id": segment_id,
                "account": tenant,
                "name": name,
                "filter": Jsonb(filter) if filter else None,
                "may_send": may_send,
            },
            into=cls,
        )

    @classmethod
    def remove(cls, segment_id: int, tenant: Tenant) -> Self | None:
        """Deletes and returns the segment; the table refuses while a campaign that has not started uses it."""
        return row(
            f"DELETE FROM segment WHERE id = %(id)s AND {owned_by(tenant)} RETURNING *",
            {"id": segment_id, "account": tenant},
            into=cls,
        )

    @classmethod
    def awaited_by(cls, segment_id: int) -> int | None:
        """Returns a campaign with the segment that starts by itself, or None when there is none."""
        found: int | None = scalar(f"SELECT {OF_SEGMENT} FROM segment WHERE id = %(id)s", {"id": segment_id})
        return found

    @classmethod
    def keep(cls, segment_id: int, account_id: UUID) -> bool:
        """Locks the account's segment against deletion until the transaction ends; False when there is none."""
        known = "SELECT true FROM segment WHERE id = %s AND account_id = %s FOR KEY SHARE"
        return scalar(known, [segment_id, account_id]) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentReference(Row):
    """A list or campaign that the filter of a segment names; PostgreSQL keeps it, and none of them can be deleted."""

    account_id: UUID
    segment_id: int
    list_id: int | None
    campaign_id: int | None

    @classmethod
    def known(cls, table: Literal["customer_list", "campaign"], account_id: UUID, ids: Sequence[int]) -> set[int]:
        """Returns those of the ids that are the account's lists or campaigns."""
        found = rows(f"SELECT id FROM {table} WHERE account_id = %s AND id = ANY (%s)", [account_id, list(ids)])
        return {each["id"] for each in found}

    @classmethod
    def names_of(cls, column: Literal["list_id", "campaign_id"], referred: int, *, limit: int) -> list[str]:
        """Returns the names of segments whose filters name this list or campaign, newest first."""
        found = rows(
            f"""SELECT name FROM segment_reference r JOIN segment s ON s.id = r.segment_id
                WHERE r.{column} = %s ORDER BY s.id DESC LIMIT %s""",
            [referred, limit],
        )
        return [each["name"] for each in found]
