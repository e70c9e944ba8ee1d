"""Messages that lost their worker or their campaign: the mass moves that recovery makes, batch by batch.

The range is a batch's, so that the primary key serves. SKIP LOCKED leaves alone what somebody is moving right now; the
next pass sees it again. `= ANY(ARRAY(…))` keeps the planner on the primary key (message.py says why).
"""

from models.database import db

# A lease that ran out means its worker died or hangs: the call may have left, so the outcome is unknown, for good or
# until the answer comes after all. From then on `lease_until` says since when.
_EXPIRE_LEASES = """
WITH late AS (
    SELECT n FROM message
    WHERE campaign_id = %(campaign)s AND n >= %(first)s AND n < %(last)s AND state = 'sending' AND lease_until < now()
    FOR NO KEY UPDATE SKIP LOCKED),
moved AS (
    UPDATE message m SET state = 'unknown', reason = 'lease_expired'
    FROM late WHERE m.campaign_id = %(campaign)s AND m.n = late.n
      AND m.n = ANY(ARRAY(SELECT n FROM late)) RETURNING m.segments)
UPDATE batch b SET sending = b.sending - t.moved, unknown = b.unknown + t.moved, uncertain = b.uncertain + t.price
FROM (SELECT count(*) AS moved, coalesce(sum(segments), 0) AS price FROM moved) t
WHERE b.campaign_id = %(campaign)s AND b.number = %(batch)s AND t.moved > 0
RETURNING t.moved
"""

_CANCEL = """
WITH left_over AS (
    SELECT n FROM message
    WHERE campaign_id = %(campaign)s AND n >= %(first)s AND n < %(last)s AND state = 'pending'
    FOR NO KEY UPDATE SKIP LOCKED),
moved AS (
    UPDATE message m SET state = 'cancelled' FROM left_over
    WHERE m.campaign_id = %(campaign)s AND m.n = left_over.n
      AND m.n = ANY(ARRAY(SELECT n FROM left_over)) RETURNING 1)
UPDATE batch b SET pending = b.pending - t.moved, cancelled = b.cancelled + t.moved, touched_at = now()
FROM (SELECT count(*) AS moved FROM moved) t
WHERE b.campaign_id = %(campaign)s AND b.number = %(batch)s AND t.moved > 0
RETURNING t.moved
"""

_GIVE_UP = """
WITH old AS (
    SELECT n FROM message
    WHERE campaign_id = %(campaign)s AND n >= %(first)s AND n < %(last)s AND state = 'unknown'
      AND lease_until < now() - interval '24 hours'
    FOR NO KEY UPDATE SKIP LOCKED),
moved AS (
    UPDATE message m SET state = 'unconfirmed' FROM old
    WHERE m.campaign_id = %(campaign)s AND m.n = old.n
      AND m.n = ANY(ARRAY(SELECT n FROM old)) RETURNING m.segments)
UPDATE batch b SET unknown = b.unknown - t.moved, unconfirmed = b.unconfirmed + t.moved,
                   uncertain = b.uncertain - t.price, touched_at = now()
FROM (SELECT count(*) AS moved, coalesce(sum(segments), 0) AS price FROM moved) t
WHERE b.campaign_id = %(campaign)s AND b.number = %(batch)s AND t.moved > 0
RETURNING t.moved
"""


def expire_leases(campaign_id: int, batch: int, first: int, last: int) -> int:
    """Moves messages whose lease ran out to unknown; gives how many."""
    return _sweep_range(_EXPIRE_LEASES, campaign_id, batch, first, last)


def cancel_pending(campaign_id: int, batch: int, first: int, last: int) -> int:
    """Cancels what a cancelled campaign has not called; gives how many."""
    return _sweep_range(_CANCEL, campaign_id, batch, first, last)


def stop_waiting(campaign_id: int, batch: int, first: int, last: int) -> int:
    """Makes messages that have been unknown for 24 hours unconfirmed, which is final; gives how many."""
    return _sweep_range(_GIVE_UP, campaign_id, batch, first, last)


def _sweep_range(sql: str, campaign_id: int, batch: int, first: int, last: int) -> int:
    params = {"campaign": campaign_id, "batch": batch, "first": first, "last": last}
    found = db.connection().execute(sql, params).fetchone()
    return found[0] if found else 0
