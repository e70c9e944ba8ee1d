"""Who a campaign is for: counted before the start, read page by page while its messages are written."""

from dataclasses import dataclass
from typing import Any

from models.database import row, rows

# Each kind of audience as the customers it selects, by ascending customer id so that a page follows the last one.
# Both sides of a join say where the page begins: with one, the planner read the other from its start for every page.
# Everyone means everyone subscribed; a list or a choice keeps its unsubscribed customers, shown as skipped.
_MEMBERS = {
    "everyone": """customer cu
        WHERE cu.account_id = %(account)s AND cu.consent = 'subscribed' AND cu.id > %(after)s""",
    "list": """list_member m JOIN customer cu ON cu.id = m.customer_id
        WHERE m.list_id = %(list)s AND m.account_id = %(account)s AND m.customer_id > %(after)s
          AND cu.id > %(after)s""",
    "customers": """campaign_customer m JOIN customer cu ON cu.id = m.customer_id
        WHERE m.campaign_id = %(campaign)s AND m.account_id = %(account)s AND m.customer_id > %(after)s
          AND cu.id > %(after)s""",
}
_ORDER = {"everyone": "cu.id", "list": "m.customer_id", "customers": "m.customer_id"}
_OPTED_OUT = """(cu.consent <> 'subscribed' OR EXISTS (
        SELECT FROM suppression s WHERE s.account_id = cu.account_id AND s.phone = cu.phone))"""


@dataclass(frozen=True, slots=True)
class AudienceSize:
    """How many people an audience has, and how many of them may be messaged."""

    total: int
    reachable: int


def size_of(campaign: dict[str, Any]) -> AudienceSize:
    """Counts the campaign's audience as it is now."""
    counted = row(
        f"SELECT count(*) AS total, count(*) FILTER (WHERE NOT {_OPTED_OUT}) AS reachable FROM {_from(campaign)}",
        _params(campaign, after=0),
    )
    assert counted is not None
    return AudienceSize(counted["total"], counted["reachable"])


def page_of(campaign: dict[str, Any], fields: tuple[str, ...], *, after: int, limit: int) -> list[dict[str, Any]]:
    """The next recipients in the order of their ids, with only the fields the template uses."""
    columns = ", ".join(f"cu.{field}" for field in dict.fromkeys(("id", "phone", *fields)))
    order = _ORDER[campaign["audience_kind"]]
    return rows(
        f"""SELECT {columns}, {_OPTED_OUT} AS opted_out FROM {_from(campaign)}
            ORDER BY {order} LIMIT {limit:d}""",
        _params(campaign, after=after),
    )


def _from(campaign: dict[str, Any]) -> str:
    return _MEMBERS[campaign["audience_kind"]]


def _params(campaign: dict[str, Any], *, after: int) -> dict[str, Any]:
    return {
        "account": campaign["account_id"],
        "campaign": campaign["id"],
        "list": campaign["list_id"],
        "after": after,
    }
