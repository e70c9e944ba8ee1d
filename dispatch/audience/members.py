"""Who a campaign is for: counted before the start, read page by page while its messages are written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dispatch.audience.combined_sql import members_of_parts, windows
from dispatch.audience.cost import bounded, limited
from dispatch.audience.fields import columns_of, is_empty, value_of
from dispatch.audience.filter import Group, read_filter
from dispatch.audience.filter_account import still_fit
from dispatch.audience.filter_sql import where_matches
from dispatch.errors import NoTargetAudience
from dispatch.formats.checks import MAX_ID
from models.campaigns.audience_parts import PartToSelect, to_select
from models.campaigns.campaign import Campaign
from models.customers.phone_types import NO_MESSAGE
from models.database import count, one, rows, tuples
from models.row import JsonObject
from models.segment import Segment

_INVENTED = "'Maria', 'Papadopoulou', 'Athens', 'Shoes'"

_CHOSEN = """campaign_customer m JOIN customer cu ON cu.id = m.customer_id
        WHERE m.campaign_id = %(campaign)s AND m.account_id = %(account)s AND m.customer_id > %(after)s
          AND cu.id > %(after)s"""

# The customers that each kind of audience selects, after the last one of the previous page. In a join, both sides say
# where the page begins: when only one did, the planner read the other from its start for every page.
_MEMBERS = {
    "everyone": "customer cu WHERE cu.account_id = %(account)s AND cu.id > %(after)s",
    "segment": "customer cu WHERE cu.account_id = %(account)s AND cu.id > %(after)s",
    "list": """list_member m JOIN customer cu ON cu.id = m.customer_id
        WHERE m.list_id = %(list)s AND m.account_id = %(account)s AND m.customer_id > %(after)s
          AND cu.id > %(after)s""",
    "customers": _CHOSEN,
    # Those that were fetched; before that, none.
    "remote": _CHOSEN,
    # A test number that belongs to no customer gets the text of an invented one; a follow-up's customer who has been
    # deleted since gets nothing.
    "numbers": f"""campaign_number m CROSS JOIN LATERAL (
            SELECT id, account_id, m.phone, first_name, last_name, location, prefered_product, consent, zone,
                   phone_type, attributes
            FROM customer WHERE account_id = m.account_id AND id = m.customer_id
            UNION ALL
            SELECT NULL, m.account_id, m.phone, {_INVENTED}, 'subscribed', NULL, NULL, '{{}}'
            WHERE m.customer_id IS NULL AND m.root_id IS NULL) cu
        WHERE m.campaign_id = %(campaign)s AND m.account_id = %(account)s AND m.id > %(after)s""",
}
# Everyone means everyone subscribed. A list, or customers chosen by id, may include unsubscribed ones, whose messages
# are skipped.
_ONLY_SUBSCRIBED = ("everyone", "segment")
# The column that each kind is read in order of; its last value is the cursor of a preparation.
_ORDER = {
    "everyone": "cu.id",
    "segment": "cu.id",
    "combined": "cu.id",
    "list": "m.customer_id",
    "customers": "m.customer_id",
    "remote": "m.customer_id",
    "numbers": "m.id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who a campaign is for; `campaign_id` is None when a filter is only previewed."""

    account_id: UUID
    campaign_id: int | None
    kind: str
    list_id: int | None = None
    segment_id: int | None = None
    #: The segment's filter as it was at the claim, as stored (JSON); None before it.
    segment_filter: JsonObject | None = None
    #: Of a combined audience.
    parts: Sequence[PartToSelect] = ()

    @classmethod
    def of(cls, campaign: Campaign) -> "Audience":
        """Returns the campaign's audience; NoTargetAudience when it has none yet."""
        if campaign.audience_kind is None:
            raise NoTargetAudience
        return cls(
            account_id=campaign.account_id,
            campaign_id=campaign.id,
            kind=campaign.audience_kind,
            list_id=campaign.list_id,
            segment_id=campaign.segment_id,
            segment_filter=campaign.segment_filter,
            parts=to_select(campaign.id) if campaign.audience_kind == "combined" else (),
        )


@dataclass(frozen=True, slots=True)
class AudienceSize:
    """How many people are in an audience, how many of them get a message, and whose numbers are left out."""

    total: int
    reachable: int
    not_mobile: int = 0
    not_allowed: int = 0

    @property
    def opted_out(self) -> int:
        """How many have opted out."""
        return self.total - self.reachable - self.not_mobile - self.not_allowed


# What an AudienceSize counts, over rows that have in `skipped` why one gets no message.
SIZE = """count(*) AS total, count(*) FILTER (WHERE skipped IS NULL) AS reachable,
    count(*) FILTER (WHERE skipped = 'not_mobile') AS not_mobile,
    count(*) FILTER (WHERE skipped = 'country_not_allowed') AS not_allowed"""


@limited
def size_of(audience: Audience) -> AudienceSize:
    """Counts the audience as it is now."""
    members, params = members_of(audience)
    # OFFSET 0, so that the reason is looked for once for a member and not once for each count.
    return one(
        f"SELECT {SIZE} FROM (SELECT {NO_MESSAGE} AS skipped FROM {members} OFFSET 0) AS asked",
        params,
        into=AudienceSize,
    )


@limited
def kinds_of(audience: Audience) -> dict[str, int]:
    """Counts the audience by the kind of its numbers, largest first; `unknown` where it is not known."""
    members, params = members_of(audience)
    found = rows(
        f"""SELECT coalesce(cu.phone_type, 'unknown') AS kind, count(*) AS people FROM {members}
            GROUP BY 1 ORDER BY 2 DESC, 1""",
        params,
    )
    return {each["kind"]: each["people"] for each in found}


@limited
def changed_since(audience: Audience, time: datetime, *, any_field: bool) -> int:
    """Counts those who get a message and came, or changed phone or, with `any_field`, anything; none of numbers."""
    if audience.kind == "numbers":
        return 0
    members, params = members_of(audience)
    column = "changed_at" if any_field else "phone_since"
    return count(
        f"SELECT count(*) FROM {members} AND cu.{column} >= %(since)s AND ({NO_MESSAGE}) IS NULL",
        {**params, "since": time},
    )


@limited
def left_out_of(audience: Audience) -> int:
    """Counts the customers who are left out of the audience only because they are not subscribed."""
    if audience.kind not in (*_ONLY_SUBSCRIBED, "combined"):
        return 0
    members, params = members_of(audience, consent="unsubscribed")
    return count(f"SELECT count(*) FROM {members}", params)


def page_of(
    audience: Audience, fields: Sequence[str], *, after: int, limit: int, only: str = "true"
) -> list[dict[str, Any]]:
    """Returns the next recipients as `tuples_of` does, but as dicts by the names of their columns."""
    keys = columns_of(fields)
    found = tuples_of(audience, fields, after=after, limit=limit, only=only)
    return [dict(zip(keys, values, strict=True)) for values in found]


def tuples_of(
    audience: Audience, fields: Sequence[str], *, after: int, limit: int, only: str = "true"
) -> list[tuple[Any, ...]]:
    """Returns the next recipients as tuples of `columns_of` the fields.

    Each has its `cursor`, and in `skipped` the reason why it gets no message, or None. `only` is a condition on the
    customers `cu`.
    """
    order = _ORDER[audience.kind]
    columns = ", ".join((order, NO_MESSAGE, *map(value_of, columns_of(fields)[2:])))
    with bounded(audience):
        members, params = members_of(audience)
    page = f"SELECT {columns} FROM {members} AND {only} ORDER BY {order} LIMIT"
    ranges: Iterable[tuple[int, int]] = [(after, MAX_ID)]
    if audience.kind == "combined":
        ranges = windows(audience.account_id, after=after, limit=limit)
    found: list[tuple[Any, ...]] = []
    for first, last in ranges:
        asked = params | {"after": first, "until": last}
        with bounded(audience):
            found += tuples(f"{page} {limit - len(found)}", asked)
        if len(found) == limit:
            break
    return found


def first_without(audience: Audience, field: str, fields: tuple[str, ...]) -> dict[str, Any] | None:
    """Returns these fields of the first recipient for whom one of them is empty, or None."""
    found = page_of(audience, fields, after=0, limit=1, only=f"{is_empty(field)} AND {NO_MESSAGE} IS NULL")
    return found[0] if found else None


def as_sql(audience: Audience) -> tuple[str, dict[str, Any], str]:
    """Returns the audience for use in another statement: its members, the parameters, and why one gets no message."""
    return (*members_of(audience), NO_MESSAGE)


def members_of(audience: Audience, *, consent: str = "subscribed", minus: bool = True) -> tuple[str, dict[str, Any]]:
    """Returns the audience as SQL over the customers `cu`, to which AND can add conditions, and its parameters.

    The parameters select all of it; a page begins `after` a cursor, and one of a combined audience ends with the
    customer `until`. Without `minus`, a combined one excludes no one.
    """
    kind = audience.kind
    params: dict[str, Any] = {
        "account": audience.account_id,
        "campaign": audience.campaign_id,
        "list": audience.list_id,
        "after": 0,
        "until": MAX_ID,
    }
    if kind == "combined":
        sql, values = members_of_parts(audience.parts, audience.account_id, consent=consent, minus=minus)
        return sql, params | values
    sql = _MEMBERS[kind]
    if kind == "segment":
        matches, values = where_matches(_filter_of(audience))
        sql, params = f"{sql} AND {matches}", params | values
    if kind in _ONLY_SUBSCRIBED:
        sql, params = f"{sql} AND cu.consent = %(consent)s", params | {"consent": consent}
    return sql, params


def _filter_of(audience: Audience) -> Group:
    """Returns the filter as it was at the claim, so that all pages belong to one audience; before a claim, as it is."""
    frozen = audience.segment_filter
    if frozen is None:
        segment = Segment.find(audience.segment_id, audience.account_id) if audience.segment_id else None
        if segment is None:
            raise LookupError("the segment of a campaign that has no filter of its own is missing")
        frozen = segment.filter
    return still_fit(read_filter(frozen), audience.account_id)
