"""Claims messages: the intent to call the provider, committed before every call, and how it is undone."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from models.campaigns.sending import has_ended
from models.database import changed, db, scalar
from models.messages.arrays import numbers, texts
from models.messages.batch import Range
from models.messages.caps import OVER_CAP, Caps, lock_caps
from models.messages.message import Claimed


class Late(NamedTuple):
    """A pending message that may not be sent now; its place decides whose clock counts."""

    n: int
    phone: str
    zone: str | None


class NewTime(NamedTuple):
    """When a pending message may be sent instead: from `not_before` on and, unless it is None, before `send_until`."""

    n: int
    not_before: datetime
    send_until: datetime | None


class Taken(NamedTuple):
    """What a claim took: messages to send, those that need another time, and how many rows it looked at in all.

    `segments` is what the messages take; `next_takes` what the first one takes for which there were too few, if any.
    """

    messages: list[Claimed]
    late: list[Late]
    rows: int
    segments: int
    next_takes: int | None


# Claims the next pending messages of one range of n. The claim decides everything that depends on this very moment
# (expiry, opt-out, the campaign's state), because a recipient may opt out between enqueue and send (I10).
# SKIP LOCKED lets two workers share a batch; ORDER BY with LIMIT in a CTE keeps the planner on the primary key.
#
# A campaign that was just written is not in the table's statistics: the planner takes it for one row, and a join of its
# messages by n then reads the whole campaign for every window (4.3 s against 5 ms with 300,000 messages, and nothing
# was sent at all). So rows that have been found are updated by ctid, which cannot change while they are locked.
# OFFSET 0 keeps the suppression a look-up for each row; as a hash of the whole table it cost 30 ms a claim at 100,000
# numbers.
_CLAIM = """
WITH {found} AS MATERIALIZED (
    SELECT m.ctid AS place, m.n, m.phone, m.zone, m.segments,
           CASE WHEN c.expires_at <= now() THEN 'expired'
                WHEN EXISTS (SELECT FROM suppression s WHERE s.account_id = c.account_id AND s.phone = m.phone OFFSET 0)
                THEN 'opted_out'
                {over_cap}
                WHEN m.send_until <= now() + interval '{margin} seconds' THEN 'late' END AS hindrance
    FROM message m, campaign c
    WHERE c.id = %(campaign)s AND c.status = 'sending'
      AND m.campaign_id = %(campaign)s AND m.n >= %(first)s AND m.n < %(last)s AND m.state = 'pending'
      AND (m.not_before IS NULL OR m.not_before <= now() OR c.expires_at <= now())
    ORDER BY m.n LIMIT %(want)s FOR NO KEY UPDATE OF m SKIP LOCKED),
{within_segments}claimed AS (
    UPDATE message m SET
        state = CASE WHEN due.hindrance IS NULL THEN 'sending' ELSE 'skipped' END,
        reason = due.hindrance,
        attempts = m.attempts + CASE WHEN due.hindrance IS NULL THEN 1 ELSE 0 END,
        token = %(token)s + m.n,
        lease_until = now() + make_interval(secs => %(lease)s)
    FROM due WHERE m.ctid = due.place AND due.hindrance IS DISTINCT FROM 'late'
    RETURNING m.n, m.token, m.phone, m.body, m.attempts, m.deferrals, m.state, m.segments),
counted AS (
    UPDATE batch b SET pending = b.pending - t.taken, sending = b.sending + t.sending, skipped = b.skipped + t.skipped,
                       touched_at = now(), next_due_at = NULL
    FROM (SELECT count(*) AS taken, count(*) FILTER (WHERE state = 'sending') AS sending,
                 count(*) FILTER (WHERE state = 'skipped') AS skipped FROM claimed) t
    WHERE b.campaign_id = %(campaign)s AND b.number = %(batch)s AND t.taken > 0)
SELECT n, token, phone, body, attempts, deferrals, state, segments FROM claimed
UNION ALL
SELECT n, NULL, phone, zone, NULL, NULL, 'late', 0 FROM due WHERE hindrance = 'late'{too_long}
"""
# Of a sender with a rate: only as many as it may send segments of now, in their order.
_WITHIN_SEGMENTS = """counted_up AS MATERIALIZED (
    SELECT *, sum(segments) FILTER (WHERE hindrance IS NULL) OVER (ORDER BY n) AS so_far FROM found),
due AS MATERIALIZED (SELECT * FROM counted_up WHERE hindrance IS NOT NULL OR so_far <= %(segments)s),
"""
_TOO_LONG = """
UNION ALL
SELECT n, NULL, NULL, NULL, NULL, NULL, 'too_long', segments FROM counted_up
WHERE hindrance IS NULL AND so_far > %(segments)s
"""
# A call may start this long after its claim, and must not start after the hours have ended.
MARGIN_SEC = 2
_OVER_CAPS = {None: "", "skip": f"WHEN {OVER_CAP} THEN 'frequency_cap'", "defer": f"WHEN {OVER_CAP} THEN 'late'"}
_RATES = {
    False: {"found": "due", "within_segments": "", "too_long": ""},
    True: {"found": "found", "within_segments": _WITHIN_SEGMENTS, "too_long": _TOO_LONG},
}
# By what is done with people above a cap, and by whether there is a rate.
_CLAIMS = {
    (cap, limited): _CLAIM.format(over_cap=over_cap, margin=MARGIN_SEC, **parts)
    for cap, over_cap in _OVER_CAPS.items()
    for limited, parts in _RATES.items()
}

_POSTPONE = """
UPDATE message m SET not_before = a.not_before, send_until = a.send_until
FROM unnest(%(n)s::int[], %(not_before)s::timestamptz[], %(send_until)s::timestamptz[])
     AS a (n, not_before, send_until)
CROSS JOIN LATERAL (
    SELECT ctid AS place FROM message WHERE campaign_id = %(campaign)s AND n = a.n AND state = 'pending' OFFSET 0
) AS found
WHERE m.ctid = found.place
"""

# After a commit whose confirmation was lost: undoes the claim if it did commit; no attempt counts, as none was made.
# Its lease may have run out meanwhile, and the campaign may have ended then.
_UNDO_CLAIM = """
WITH found AS MATERIALIZED (
    SELECT ctid AS place, state AS was FROM message
    WHERE campaign_id = %(campaign)s AND n >= %(first)s AND n < %(last)s AND token = %(token)s + n
      AND state IN ('sending', 'unknown') FOR NO KEY UPDATE),
undone AS (
    UPDATE message m SET state = CASE WHEN %(ended)s THEN 'failed' ELSE 'pending' END, attempts = attempts - 1,
                         lease_until = NULL, reason = CASE WHEN %(ended)s THEN 'not_sent' END
    FROM found WHERE m.ctid = found.place RETURNING m.n, m.segments, found.was)
UPDATE batch b SET pending = b.pending + CASE WHEN %(ended)s THEN 0 ELSE t.moved END,
                   failed = b.failed + CASE WHEN %(ended)s THEN t.moved ELSE 0 END,
                   sending = b.sending - (t.moved - t.unknown), unknown = b.unknown - t.unknown,
                   uncertain = b.uncertain - t.price
FROM (SELECT n / %(batch_size)s AS number, count(*) AS moved, count(*) FILTER (WHERE was = 'unknown') AS unknown,
             coalesce(sum(segments) FILTER (WHERE was = 'unknown'), 0) AS price FROM undone GROUP BY 1) t
WHERE b.campaign_id = %(campaign)s AND b.number = t.number RETURNING t.moved
"""


def claim(
    campaign_id: int,
    batch: Range,
    *,
    want: int,
    token: int,
    lease_sec: float,
    caps: Caps | None = None,
    segments: int | None = None,
) -> Taken:
    """Commits to send up to `want` due messages of the batch, of so many `segments` in all; None: of any number.

    Their tokens are `token + n`.

    Messages that are expired, opted out or, with `caps`, above a cap are skipped here. Those whose hours have ended, or
    that are above a cap that defers, stay as they are: the caller gives them another time.
    """
    params = {
        "campaign": campaign_id,
        "batch": batch.number,
        "first": batch.first,
        "last": batch.last,
        "want": want,
        "token": token,
        "lease": lease_sec,
        "segments": segments,
    }
    if caps:
        lock_caps(caps.account_id)
        params |= caps.params()
    sql = _CLAIMS[caps.over_cap if caps else None, segments is not None]
    found = db.connection().execute(sql, params).fetchall()
    return Taken(
        [Claimed._make(row[:6]) for row in found if row[6] == "sending"],
        [Late(row[0], row[2], row[3]) for row in found if row[6] == "late"],
        len(found),
        sum(row[7] for row in found if row[6] == "sending"),
        min(((row[0], row[7]) for row in found if row[6] == "too_long"), default=(0, None))[1],
    )


def undo_claim(campaign_id: int, batch: Range, *, token: int, batch_size: int) -> int:
    """Undoes a claim that may have been committed and of which nothing was called; returns how many messages."""
    params = {
        "campaign": campaign_id,
        "first": batch.first,
        "last": batch.last,
        "token": token,
        "batch_size": batch_size,
        "ended": has_ended(campaign_id),
    }
    return scalar(_UNDO_CLAIM, params) or 0


def postpone(campaign_id: int, times: Sequence[NewTime]) -> None:
    """Writes other hours for pending messages; the caller holds them locked since it claimed."""
    changed(
        _POSTPONE,
        {
            "campaign": campaign_id,
            "n": numbers(time.n for time in times),
            "not_before": texts(_written(time.not_before) for time in times),
            "send_until": texts(_written(time.send_until) for time in times),
        },
    )


def _written(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
