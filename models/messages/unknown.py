"""What a person decides about messages of which no one knows whether they left: taken for sent, or for not sent."""

from collections.abc import Sequence

from models.database import changed, count

_LOCK_BATCHES = """
SELECT FROM batch b JOIN campaign c ON c.id = b.campaign_id
WHERE c.id = %(campaign)s AND b.number IN (SELECT n / c.batch_size FROM unnest(%(numbers)s::int[]) AS n)
ORDER BY b.number FOR NO KEY UPDATE OF b
"""

# Messages that another process is moving right now are left out, like those that are unknown no more. A batch that no
# worker has is touched, so that its campaign has time to be settled before `audit` misses that.
_MOVE = """
WITH chosen AS MATERIALIZED (
    SELECT ctid AS place FROM message
    WHERE campaign_id = %(campaign)s AND n = ANY(%(numbers)s::int[]) AND state = 'unknown'
    FOR NO KEY UPDATE SKIP LOCKED),
moved AS (
    {update}, lease_until = NULL
    FROM chosen WHERE m.ctid = chosen.place RETURNING m.n, m.segments),
counted AS (
    UPDATE batch b SET unknown = b.unknown - t.moved, uncertain = b.uncertain - t.price, {counts},
                       touched_at = CASE WHEN b.pending + b.sending = 0 THEN now() ELSE b.touched_at END
    FROM (SELECT moved.n / c.batch_size AS number, count(*) AS moved, sum(segments) AS price
          FROM moved JOIN campaign c ON c.id = %(campaign)s GROUP BY 1) AS t
    WHERE b.campaign_id = %(campaign)s AND b.number = t.number)
SELECT count(*) FROM moved
"""
_TAKE_FOR_SENT = _MOVE.format(
    update="UPDATE message m SET state = 'sent', sent_at = coalesce(m.sent_at, m.lease_until, now()), reason = NULL",
    counts="sent = b.sent + t.moved, captured = b.captured + t.price",
)
_TAKE_FOR_LOST = _MOVE.format(
    update="""UPDATE message m SET state = 'failed', reason = 'resent',
        error_code = NULL""",
    counts="failed = b.failed + t.moved",
)


def take_for_sent(campaign_id: int, numbers: Sequence[int]) -> int:
    """Makes these messages sent, with their price captured; returns how many were unknown. In a transaction."""
    return _moved(_TAKE_FOR_SENT, campaign_id, numbers)


def take_for_lost(campaign_id: int, numbers: Sequence[int]) -> int:
    """Makes these messages failed, because they are sent again; returns how many were unknown. In a transaction."""
    return _moved(_TAKE_FOR_LOST, campaign_id, numbers)


def _moved(sql: str, campaign_id: int, numbers: Sequence[int]) -> int:
    params = {"campaign": campaign_id, "numbers": list(numbers)}
    changed(_LOCK_BATCHES, params)
    return count(sql, params)
