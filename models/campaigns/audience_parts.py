"""The parts of a combined audience: the lists and segments that a campaign is for, and those that it leaves out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from models.database import changed, rows
from models.row import JsonObject, Row

MAX_PARTS = 20


class NewPart(NamedTuple):
    """One part to write: a list, a segment or, without either, everyone subscribed."""

    #: include or exclude.
    role: str
    #: list, segment or everyone.
    kind: str
    list_id: int | None = None
    segment_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudiencePart(Row):
    """One part of a campaign whose audience is `combined`."""

    account_id: UUID
    campaign_id: int
    place: int
    #: include or exclude.
    role: str
    #: list, segment or everyone.
    kind: str
    list_id: int | None
    #: None once a segment has been deleted.
    segment_id: int | None
    #: The segment's filter as it was at the claim (JSON; `dispatch/audience/filter.py` reads it).
    segment_filter: JsonObject | None

    @classmethod
    def of(cls, campaign_ids: Sequence[int]) -> "dict[int, list[AudiencePart]]":
        """Returns the parts of each of these campaigns in order; campaigns without any are left out."""
        if not campaign_ids:
            return {}
        found = rows(
            "SELECT * FROM audience_part WHERE campaign_id = ANY(%s) ORDER BY campaign_id, place",
            [list(campaign_ids)],
            into=cls,
        )
        parts: dict[int, list[AudiencePart]] = {}
        for part in found:
            parts.setdefault(part.campaign_id, []).append(part)
        return parts

    @classmethod
    def replace(cls, account_id: UUID, campaign_id: int, parts: Sequence[NewPart]) -> None:
        """Makes these the campaign's parts, which may be none. The caller holds its row and has checked them."""
        changed("DELETE FROM audience_part WHERE campaign_id = %s", [campaign_id])
        if parts:
            changed(
                """INSERT INTO audience_part (account_id, campaign_id, place, role, kind, list_id, segment_id)
                   SELECT %(account)s, %(campaign)s, given.place, role, kind, list_id, segment_id
                   FROM unnest(%(roles)s::text[], %(kinds)s::text[], %(lists)s::bigint[], %(segments)s::bigint[])
                        WITH ORDINALITY AS given (role, kind, list_id, segment_id, place)""",
                {
                    "account": account_id,
                    "campaign": campaign_id,
                    "roles": [part.role for part in parts],
                    "kinds": [part.kind for part in parts],
                    "lists": [part.list_id for part in parts],
                    "segments": [part.segment_id for part in parts],
                },
            )

    @classmethod
    def copy(cls, campaign_id: int, source_id: int) -> None:
        """Copies the parts of another campaign; a filter only when its segment has been deleted."""
        changed(
            """INSERT INTO audience_part
                   (account_id, campaign_id, place, role, kind, list_id, segment_id, segment_filter)
               SELECT account_id, %(campaign)s, place, role, kind, list_id, segment_id,
                      CASE WHEN segment_id IS NULL THEN segment_filter END
               FROM audience_part WHERE campaign_id = %(source)s""",
            {"campaign": campaign_id, "source": source_id},
        )

    @classmethod
    def freeze(cls, campaign_id: int) -> None:
        """Keeps the filters of the campaign's segments as they are now, in the transaction that claims it."""
        changed(
            """UPDATE audience_part p SET segment_filter = s.filter FROM segment s
               WHERE p.campaign_id = %s AND s.id = p.segment_id""",
            [campaign_id],
        )

    @classmethod
    def thaw(cls, campaign_id: int) -> None:
        """Lets the campaign, which is put back, read its segments again when it starts."""
        changed(
            "UPDATE audience_part SET segment_filter = NULL WHERE campaign_id = %s AND segment_id IS NOT NULL",
            [campaign_id],
        )

    @classmethod
    def let_go(cls, segment_id: int) -> None:
        """Keeps the segment's filter in campaigns that have ended without a start, so that it can be deleted."""
        changed(
            """UPDATE audience_part p SET segment_filter = s.filter FROM segment s, campaign c
               WHERE s.id = %s AND p.account_id = s.account_id AND p.segment_id = s.id AND p.segment_filter IS NULL
                 AND c.id = p.campaign_id AND c.status IN ('completed', 'cancelled', 'failed')""",
            [segment_id],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PartToSelect(AudiencePart):
    """A part with what it selects: its filter is that of the claim or, before one, that of the segment as it is."""

    #: Of the list or the segment; None for everyone, and for a segment that has been deleted.
    name: str | None


def to_select(campaign_id: int) -> list[PartToSelect]:
    """Returns the campaign's parts in order, each with the filter that counts."""
    return rows(
        """SELECT p.account_id, p.campaign_id, p.place, p.role, p.kind, p.list_id, p.segment_id,
                  coalesce(p.segment_filter, s.filter) AS segment_filter, coalesce(l.name, s.name) AS name
           FROM audience_part p
           LEFT JOIN customer_list l ON l.id = p.list_id
           LEFT JOIN segment s ON s.id = p.segment_id
           WHERE p.campaign_id = %s ORDER BY p.place""",
        [campaign_id],
        into=PartToSelect,
    )
