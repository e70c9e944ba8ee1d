"""Who opened which short link: one row for each recipient and link, with the first time only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.database import row
from models.row import Row

# One statement for all of it: what the code names, the row, and what webhooks are told of a first click.
_FOLLOW = """
WITH found AS MATERIALIZED (
    SELECT l.campaign_id, m.n, l.number, l.target
    FROM unnest(%(campaigns)s::bigint[], %(numbers)s::int[], %(links)s::smallint[]) AS named (campaign_id, n, number)
    JOIN campaign_link l USING (campaign_id, number)
    CROSS JOIN LATERAL (SELECT n FROM message
                        WHERE campaign_id = named.campaign_id AND message.n = named.n OFFSET 0) AS m LIMIT 1),
counted AS (
    INSERT INTO link_click AS known (campaign_id, n, number, by_bot)
    SELECT campaign_id, n, number, %(by_bot)s FROM found
    ON CONFLICT (campaign_id, n, number) DO UPDATE SET by_bot = false, at = now()
        WHERE known.by_bot AND NOT excluded.by_bot
    RETURNING by_bot)
SELECT found.campaign_id, target, EXISTS (SELECT FROM counted WHERE NOT by_bot) AS first FROM found
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
class Followed:
    """Where a link leads that was opened."""

    campaign_id: int
    target: str
    #: Whether this was the first time that a person opened it.
    first: bool


def follow(links: Sequence[tuple[int, int, int]], *, by_bot: bool) -> Followed | None:
    """Records that one of these links (campaign, n, number) was opened: the one that exists; None if none does."""
    return row(
        _FOLLOW,
        {
            "campaigns": [campaign for campaign, _, _ in links],
            "numbers": [n for _, n, _ in links],
            "links": [number for _, _, number in links],
            "by_bot": by_bot,
        },
        into=Followed,
    )
