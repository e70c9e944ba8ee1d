"""Moves messages that lost their worker or their campaign, batch by batch.

Each statement covers one batch, a range of the primary key. SKIP LOCKED passes over what another process is moving
right now; the next pass of recovery finds it. The locked rows are updated by ctid, for the same reason as in the claim
of `claiming.py`.
"""

from models.database import scalar
from models.messages.batch import Range

# A lease that ran out means that its worker died or hangs. The call may have left, so the outcome is unknown unless the
# answer comes after all; `lease_until` says since when.
_EXPIRE_LEASES = """
WITH late AS MATERIALIZED (
    SELECT ctid AS place FROM message
    WHERE campaign_id = %(campaign)s AND n >= %(first)s AND n < %(last)s AND state = 'sending' AND lease_until < now()
    FOR NO KEY UPDATE SKIP LOCKED),
moved AS (
    UPDATE message m SET state = 'unknown', reason = 'lease_expired'
    FROM late WHERE m.ctid = late.place RETURNING m.segments)
UPDATE batch b SET sending = b.sending - t.moved, unknown = b.unknown + t.moved, uncertain = b.uncertain + t.price,
                   expired_at = now()
FROM (SELECT count(*) AS moved, coalesce(sum(segments), 0) AS price FROM moved) t
WHERE b.campaign_id = %(campaign)s AND b.number = %(batch)s AND t.moved > 0
RETURNING t.moved
"""

# A cancelled campaign calls the provider for none of its pending messages.
_CANCEL = """
WITH left_over AS MATERIALIZED (
    SELECT ctid AS place FROM message
    WHERE campaign_id = %(campaign)s AND n >= %(first)s AND n < %(last)s AND state = 'pending'
    FOR NO KEY UPDATE SKIP LOCKED),
moved AS (
    UPDATE message m SET state = 'cancelled' FROM left_over WHERE m.ctid = left_over.place RETURNING 1)
UPDATE batch b SET pending = b.pending - t.moved, cancelled = b.cancelled + t.moved, touched_at = now()
FROM (SELECT count(*) AS moved FROM moved) t
WHERE b.campaign_id = %(campaign)s AND b.number = %(batch)s AND t.moved > 0
RETURNING t.moved
"""

# An answer that has been missing for a day will not come: the message is final, and its credits are no longer held.
_GIVE_UP = """
WITH old AS MATERIALIZED (
    SELECT ctid AS place FROM message
    WHERE campaign_id = %(campaign)s AND n >= %(first)s AND n < %(last)s AND state = 'unknown'
      AND lease_until < now() - interval '24 hours'
    FOR NO KEY UPDATE SKIP LOCKED),
moved AS (
    UPDATE message m SET state = 'unconfirmed' FROM old WHERE m.ctid = old.place RETURNING m.segments)
UPDATE batch b SET unknown = b.unknown - t.moved, unconfirmed = b.unconfirmed + t.moved,
                   uncertain = b.uncertain - t.price, touched_at = now()
FROM (SELECT count(*) AS moved, coalesce(sum(segments), 0) AS price FROM moved) t
WHERE b.campaign_id = %(campaign)s AND b.number = %(batch)s AND t.moved > 0
RETURNING t.moved
"""


def expire_leases(campaign_id: int, batch: Range) -> int:
    """Makes messages whose lease ran out unknown; returns how many."""
    return _move(_EXPIRE_LEASES, campaign_id, batch)


def cancel_pending(campaign_id: int, batch: Range) -> int:
    """Cancels the pending messages of a cancelled campaign; returns how many."""
    return _move(_CANCEL, campaign_id, batch)


def stop_waiting(campaign_id: int, batch: Range) -> int:
    """Makes messages that have been unknown for 24 hours unconfirmed, which is final; returns how many."""
    return _move(_GIVE_UP, campaign_id, batch)


def _move(sql: str, campaign_id: int, batch: Range) -> int:
    params = {"campaign": campaign_id, "batch": batch.number, "first": batch.first, "last": batch.last}
    return scalar(sql, params) or 0
