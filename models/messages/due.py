"""Which batch is next when no queue says so, because Redis is away."""

from dataclasses import dataclass
from uuid import UUID

from models.database import row, scalar
from models.messages.batch import JOINABLE_AFTER_SEC
from models.turns import HAD, Turns

# Open, due, and with no worker at work on it.
_FREE = """c.status = 'sending' AND b.pending > 0 AND (b.next_due_at IS NULL OR b.next_due_at <= now())
    AND (b.touched_at IS NULL OR b.touched_at < now() - make_interval(secs => %(joinable_after)s)
         OR b.next_due_at <= now())"""

_TAKE = f"""
WITH first AS MATERIALIZED (
    SELECT c.id AS campaign_id, c.account_id, free.number, coalesce(had.turns, 0) AS turns, worked.last
    FROM campaign c LEFT JOIN {HAD} ON had.account_id = c.account_id
    CROSS JOIN LATERAL (
        SELECT b.number FROM batch b WHERE b.campaign_id = c.id AND {_FREE} ORDER BY b.number LIMIT 1) AS free
    CROSS JOIN LATERAL (SELECT max(touched_at) AS last FROM batch WHERE campaign_id = c.id) AS worked
    WHERE c.status = 'sending'),
locked AS MATERIALIZED (
    SELECT b.campaign_id, b.number, first.account_id
    FROM first JOIN batch b USING (campaign_id, number) JOIN campaign c ON c.id = b.campaign_id
    WHERE {_FREE} ORDER BY first.turns, first.last NULLS FIRST, first.campaign_id
    LIMIT 1 FOR NO KEY UPDATE OF b SKIP LOCKED)
-- One that a dead worker still holds is taken over by the exchange, which asks how long ago it was touched.
UPDATE batch SET touched_at = CASE WHEN token IS NULL THEN now() ELSE touched_at END FROM locked
WHERE batch.campaign_id = locked.campaign_id AND batch.number = locked.number
RETURNING locked.campaign_id, locked.number, locked.account_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBatch:
    """A batch to send, and whose it is."""

    campaign_id: int
    number: int
    account_id: UUID


def take_next(turns: Turns) -> DueBatch | None:
    """Takes a due batch that no one works on, whether or not it has a job; None if there is none.

    It is one of the account that has had the fewest turns, and of its campaign that was worked on the longest ago.
    """
    return row(_TAKE, {"joinable_after": JOINABLE_AFTER_SEC, **turns.had()}, into=DueBatch)


def another_waits(campaign_id: int) -> bool:
    """Returns whether a batch of another campaign is due and no one works on it."""
    return bool(
        scalar(
            f"""SELECT EXISTS (SELECT FROM campaign c JOIN batch b ON b.campaign_id = c.id
                               WHERE c.id <> %(campaign)s AND {_FREE})""",
            {"campaign": campaign_id, "joinable_after": JOINABLE_AFTER_SEC},
        )
    )
