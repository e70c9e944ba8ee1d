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

# The same for the messages in a batch's list: their lease is the batch's, which is no one's then.
_EXPIRE_LIST = """
WITH late AS MATERIALIZED (
    SELECT token, lease_until, in_flight FROM batch
    WHERE campaign_id = %(campaign)s AND number = %(batch)s AND cardinality(in_flight) > 0 AND lease_until < now()
    FOR NO KEY UPDATE SKIP LOCKED),
moved AS (
    UPDATE message m SET state = 'unknown', reason = 'lease_expired', token = late.token,
                         lease_until = late.lease_until, attempts = m.attempts + 1
    FROM late CROSS JOIN LATERAL unnest(late.in_flight) AS listed (n) CROSS JOIN LATERAL (
        SELECT ctid AS place FROM message WHERE campaign_id = %(campaign)s AND n = listed.n OFFSET 0) AS found
    WHERE m.ctid = found.place AND m.state = 'pending' RETURNING m.segments)
UPDATE batch b SET in_flight = '{}', token = NULL, touched_at = NULL, sending = b.sending - t.moved,
                   unknown = b.unknown + t.moved, uncertain = b.uncertain + t.price, expired_at = now()
FROM (SELECT count(*) AS moved, coalesce(sum(segments), 0) AS price FROM moved) t
WHERE b.campaign_id = %(campaign)s AND b.number = %(batch)s AND t.moved > 0
RETURNING t.moved
"""

# A cancelled campaign calls the provider for none of its pending messages. Those in the batch's list may have been
# called, and are left to their answers.
_CANCEL = """
WITH held AS MATERIALIZED (
    SELECT in_flight FROM batch WHERE campaign_id = %(campaign)s AND number = %(batch)s FOR NO KEY UPDATE SKIP LOCKED),
left_over AS MATERIALIZED (
    SELECT m.ctid AS place FROM held, message m
    WHERE m.campaign_id = %(campaign)s AND m.n >= %(first)s AND m.n < %(last)s AND m.state = 'pending'
      AND m.n <> ALL (held.in_flight)
    FOR NO KEY UPDATE OF m SKIP LOCKED),
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
    return _move(_EXPIRE_LIST, campaign_id, batch) + _move(_EXPIRE_LEASES, campaign_id, batch)


def cancel_pending(campaign_id: int, batch: Range) -> int:
    """Cancels the pending messages of a cancelled campaign; returns how many."""
    return _move(_CANCEL, campaign_id, batch)


def stop_waiting(campaign_id: int, batch: Range) -> int:
    """Makes messages that have been unknown for 24 hours unconfirmed, which is final; returns how many."""
    return _move(_GIVE_UP, campaign_id, batch)


def _move(sql: str, campaign_id: int, batch: Range) -> int:
    params = {"campaign": campaign_id, "batch": batch.number, "first": batch.first, "last": batch.last}
    return scalar(sql, params) or 0
