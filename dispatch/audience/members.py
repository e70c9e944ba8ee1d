"""Who a campaign is for: counted before the start, read page by page while its messages are written."""

from dataclasses import dataclass
from typing import Any

from dispatch.audience.filter import Group, read_filter
from dispatch.audience.filter_sql import where_matches
from models.database import row, rows
from models.segment import Segment

_SOMEBODY = "'Maria', 'Papadopoulou', 'Athens', 'Shoes'"

# Each kind of audience as the customers it selects, in an order in which a page follows the last one.
# Both sides of a join say where the page begins: with one, the planner read the other from its start for every page.
_MEMBERS = {
    "everyone": "customer cu WHERE cu.account_id = %(account)s AND cu.id > %(after)s",
    "segment": "customer cu WHERE cu.account_id = %(account)s AND cu.id > %(after)s",
    "list": """list_member m JOIN customer cu ON cu.id = m.customer_id
        WHERE m.list_id = %(list)s AND m.account_id = %(account)s AND m.customer_id > %(after)s
          AND cu.id > %(after)s""",
    "customers": """campaign_customer m JOIN customer cu ON cu.id = m.customer_id
        WHERE m.campaign_id = %(campaign)s AND m.account_id = %(account)s AND m.customer_id > %(after)s
          AND cu.id > %(after)s""",
    # A number to test with that belongs to no customer is shown as somebody.
    "numbers": f"""campaign_number m CROSS JOIN LATERAL (
            SELECT id, account_id, m.phone, first_name, last_name, location, prefered_product, consent
            FROM customer WHERE account_id = m.account_id AND id = m.customer_id
            UNION ALL
            SELECT NULL, m.account_id, m.phone, {_SOMEBODY}, 'subscribed' WHERE m.customer_id IS NULL) cu
        WHERE m.campaign_id = %(campaign)s AND m.account_id = %(account)s AND m.id > %(after)s""",
}
# Everyone means everyone subscribed; a list or a choice keeps its unsubscribed customers, shown as skipped.
_ONLY_SUBSCRIBED = ("everyone", "segment")
# What a page follows on: the cursor of a preparation.
_ORDER = {
    "everyone": "cu.id",
    "segment": "cu.id",
    "list": "m.customer_id",
    "customers": "m.customer_id",
    "numbers": "m.id",
}
_OPTED_OUT = """(cu.consent <> 'subscribed' OR EXISTS (
        SELECT FROM suppression s WHERE s.account_id = cu.account_id AND s.phone = cu.phone))"""


@dataclass(frozen=True, slots=True)
class AudienceSize:
    """How many people an audience has, and how many of them may be messaged."""

    total: int
    reachable: int


def size_of(campaign: dict[str, Any]) -> AudienceSize:
    """Counts the campaign's audience as it is now."""
    members, params = members_of(campaign)
    counted = row(
        f"SELECT count(*) AS total, count(*) FILTER (WHERE NOT {_OPTED_OUT}) AS reachable FROM {members}", params
    )
    assert counted is not None
    return AudienceSize(counted["total"], counted["reachable"])


def left_out_of(campaign: dict[str, Any]) -> int:
    """How many customers are not in the audience only because they are not subscribed."""
    if campaign["audience_kind"] not in _ONLY_SUBSCRIBED:
        return 0
    members, params = members_of(campaign, consent="unsubscribed")
    counted = row(f"SELECT count(*) AS customers FROM {members}", params)
    assert counted is not None
    return counted["customers"]


def page_of(campaign: dict[str, Any], fields: tuple[str, ...], *, after: int, limit: int) -> list[dict[str, Any]]:
    """The next recipients, each with its `cursor`, and with only the fields the template uses."""
    columns = ", ".join(f"cu.{field}" for field in dict.fromkeys(("id", "phone", *fields)))
    order = _ORDER[campaign["audience_kind"]]
    members, params = members_of(campaign, after=after)
    return rows(
        f"""SELECT {order} AS cursor, {columns}, {_OPTED_OUT} AS opted_out FROM {members}
            ORDER BY {order} LIMIT {limit:d}""",
        params,
    )


def as_sql(campaign: dict[str, Any]) -> tuple[str, dict[str, Any], str]:
    """The audience for a statement of somebody else's: its members, the parameters, and which members opted out."""
    return (*members_of(campaign), _OPTED_OUT)


def members_of(campaign: dict[str, Any], *, after: int = 0, consent: str = "subscribed") -> tuple[str, dict[str, Any]]:
    """The audience as SQL over the customers `cu`, to which conditions can be added with AND, and its parameters."""
    kind = campaign["audience_kind"]
    sql = _MEMBERS[kind]
    params = {
        "account": campaign["account_id"],
        "campaign": campaign["id"],
        "list": campaign["list_id"],
        "after": after,
    }
    if kind == "segment":
        matches, values = where_matches(_filter_of(campaign))
        sql, params = f"{sql} AND {matches}", params | values
    if kind in _ONLY_SUBSCRIBED:
        sql, params = f"{sql} AND cu.consent = %(consent)s", params | {"consent": consent}
    return sql, params


def _filter_of(campaign: dict[str, Any]) -> Group:
    """The segment's filter as it was at the claim, so that all pages are of one audience; before it, as it is now."""
    frozen = campaign["segment_filter"]
    if frozen is None:
        segment = Segment.find(campaign["segment_id"], campaign["account_id"])
        assert segment is not None  # the table keeps it for as long as the campaign has no filter of its own
        frozen = segment["filter"]
    return read_filter(frozen)
