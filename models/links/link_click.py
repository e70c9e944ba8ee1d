"""Who opened which short link: one row for each recipient and link, with the first time only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.database import row, rows, scalar
from models.row import Row
from models.webhooks.telling import told
from models.webhooks.webhook import CLICKED

# What webhooks are told of a click.
_TOLD = """jsonb_build_object('campaign_id', campaign_id, 'message_id', campaign_id || '-' || n, 'phone', phone,
                              'customer_id', customer_id, 'variant', variant, 'url', target)"""
# One statement for all of it: what the code names, the row, and what webhooks are told of a person's first click.
_FOLLOW = f"""
WITH found AS MATERIALIZED (
    SELECT l.campaign_id, m.n, l.number, l.target, m.phone, m.customer_id, m.variant
    FROM unnest(%(campaigns)s::bigint[], %(numbers)s::int[], %(links)s::smallint[]) AS named (campaign_id, n, number)
    JOIN campaign_link l USING (campaign_id, number)
    CROSS JOIN LATERAL (SELECT n, phone, customer_id, variant FROM message
                        WHERE campaign_id = named.campaign_id AND message.n = named.n OFFSET 0) AS m LIMIT 1),
counted AS (
    INSERT INTO link_click AS known (campaign_id, n, number, by_bot)
    SELECT campaign_id, n, number, %(by_bot)s FROM found
    ON CONFLICT (campaign_id, n, number) DO UPDATE SET by_bot = false, at = now()
        WHERE known.by_bot AND NOT excluded.by_bot
    RETURNING by_bot),
clicked AS (
    SELECT found.*, c.account_id FROM found JOIN campaign c ON c.id = found.campaign_id
    WHERE EXISTS (SELECT FROM counted WHERE NOT by_bot)),
{told("clicked", CLICKED, _TOLD)}
SELECT target FROM found
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkClick(Row):
    """That one recipient opened one link of their message."""

    campaign_id: int
    n: int
    number: int
    #: Whether only programs have opened it so far.
    by_bot: bool
    #: When a person, or else a program, opened it first.
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCount:
    """How many recipients opened one link of a campaign."""

    number: int
    target: str
    clicks: int
    #: Those for whom only programs have opened it.
    bots: int


def follow(links: Sequence[tuple[int, int, int]], *, by_bot: bool) -> str | None:
    """Records that one of these links (campaign, n, number) was opened, the one that exists, and returns its target.

    None if none exists. A person's first click is told to the account's webhooks.
    """
    found = row(
        _FOLLOW,
        {
            "campaigns": [campaign for campaign, _, _ in links],
            "numbers": [n for _, n, _ in links],
            "links": [number for _, _, number in links],
            "by_bot": by_bot,
        },
    )
    return found["target"] if found else None


def people(campaign_ids: Sequence[int]) -> dict[int, int]:
    """Counts for each of these campaigns the recipients who opened a link of it, if any did."""
    found = rows(
        """SELECT campaign_id, count(*)::int AS people
           FROM (SELECT DISTINCT campaign_id, n FROM link_click WHERE campaign_id = ANY(%s) AND NOT by_bot) AS each
           GROUP BY campaign_id""",
        [list(campaign_ids)],
    )
    return {each["campaign_id"]: each["people"] for each in found}


def counts(campaign_id: int) -> list[LinkCount]:
    """Returns how often each link of the campaign was opened, in the order of its text."""
    return rows(
        """SELECT number, target, coalesce(clicks, 0) AS clicks, coalesce(bots, 0) AS bots
           FROM campaign_link LEFT JOIN (
               SELECT number, (count(*) FILTER (WHERE NOT by_bot))::int AS clicks,
                      (count(*) FILTER (WHERE by_bot))::int AS bots
               FROM link_click WHERE campaign_id = %(campaign)s GROUP BY number) AS counted USING (number)
           WHERE campaign_id = %(campaign)s ORDER BY number""",
        {"campaign": campaign_id},
        into=LinkCount,
    )


def first_click(campaign_id: int, n: int) -> datetime | None:
    """Returns when the recipient of the message first opened a link of it; None if they have not."""
    found: datetime | None = scalar(
        "SELECT min(at) FROM link_click WHERE campaign_id = %s AND n = %s AND NOT by_bot", [campaign_id, n]
    )
    return found
