"""Claims messages: the intent to call the provider, committed before every call as numbers in their batch's list.

A batch belongs to the worker whose token it has. The message rows of its list stay `pending` until their answers come,
so each is written once; everyone else who changes messages locks their batch first and leaves its list alone.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Cursor

from models.campaigns.sending import has_ended
from models.database import changed, rows
from models.messages.arrays import numbers, texts
from models.messages.batch import Range
from models.messages.caps import OVER_CAP, Caps
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
    `emptied` says that the batch has nothing pending any more, and in its list what was claimed here.
    """

    messages: list[Claimed]
    late: list[Late]
    rows: int
    segments: int
    next_takes: int | None
    emptied: bool


# Claims the next pending messages of one range of n, for the holder of the batch's token. The claim decides everything
# that depends on this very moment (expiry, opt-out, the campaign's state), because a recipient may opt out between
# enqueue and send (I10). The holder has locked the batch in an earlier statement of the transaction, so this one sees
# everything that others did to its messages before. ORDER BY with LIMIT in a CTE keeps the planner on the primary key.
#
# A campaign that was just written is not in the table's statistics: the planner takes it for one row, and a join of its
# messages by n then reads the whole campaign for every window (4.3 s against 5 ms with 300,000 messages, and nothing
# was sent at all). So rows that have been found are updated by ctid.
# OFFSET 0 keeps the suppression a look-up for each row; as a hash of the whole table it cost 30 ms a claim at 100,000
# numbers. IS NOT TRUE makes a hash table of the list.
_CLAIM = """
WITH c AS MATERIALIZED (
    SELECT c.id, c.account_id, c.expires_at, b.in_flight FROM campaign c JOIN batch b ON b.campaign_id = c.id
    WHERE c.id = %(campaign)s AND c.status = 'sending' AND b.number = %(batch)s AND b.token = %(token)s
      AND (b.lease_until > now() OR cardinality(b.in_flight) = 0)),
{found} AS MATERIALIZED (
    SELECT m.ctid AS place, m.n, m.phone, m.body, m.attempts, m.deferrals, m.zone, m.segments,
           CASE WHEN c.expires_at <= now() THEN 'expired'
                WHEN EXISTS (SELECT FROM suppression s WHERE s.account_id = c.account_id AND s.phone = m.phone OFFSET 0)
                THEN 'opted_out'
                {over_cap}
                WHEN m.send_until <= now() + interval '{margin} seconds' THEN 'late' END AS hindrance
    FROM c, message m WHERE m.campaign_id = %(campaign)s AND m.n >= %(first)s AND m.n < %(last)s AND m.state = 'pending'
      AND (m.not_before IS NULL OR m.not_before <= now() OR c.expires_at <= now())
      AND (m.n IN (SELECT unnest(in_flight) FROM c)) IS NOT TRUE
    ORDER BY m.n LIMIT %(want)s),
{within_segments}skipped AS (
    UPDATE message m SET state = 'skipped', reason = due.hindrance, token = %(token)s
    FROM due WHERE m.ctid = due.place AND m.state = 'pending' AND due.hindrance <> 'late'),
counted AS (
    UPDATE batch b SET pending = b.pending - t.sending - t.skipped, sending = b.sending + t.sending,
                       skipped = b.skipped + t.skipped, in_flight = b.in_flight || t.claimed,
                       lease_until = now() + make_interval(secs => %(lease)s), touched_at = now(), next_due_at = NULL
    FROM (SELECT count(*) FILTER (WHERE hindrance IS NULL) AS sending,
                 count(*) FILTER (WHERE hindrance <> 'late') AS skipped,
                 coalesce(array_agg(n) FILTER (WHERE hindrance IS NULL), '{{}}') AS claimed FROM due) t
    WHERE b.campaign_id = %(campaign)s AND b.number = %(batch)s AND t.sending + t.skipped > 0
    RETURNING b.pending)
SELECT n, phone, body, attempts + 1, deferrals, segments, hindrance, CASE WHEN hindrance = 'late' THEN zone END,
       (SELECT pending FROM counted)
FROM due{too_long}
"""
# Of a sender with a rate: only as many as it may send segments of now, in their order.
_WITHIN_SEGMENTS = """counted_up AS MATERIALIZED (
    SELECT *, sum(segments) FILTER (WHERE hindrance IS NULL) OVER (ORDER BY n) AS so_far FROM found),
due AS MATERIALIZED (SELECT * FROM counted_up WHERE hindrance IS NOT NULL OR so_far <= %(segments)s),
"""
_TOO_LONG = """
UNION ALL
SELECT n, NULL, NULL, NULL, NULL, segments, 'too_long', NULL, NULL FROM counted_up
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
WITH held AS MATERIALIZED (
    SELECT in_flight FROM batch
    WHERE campaign_id = %(campaign)s AND number = %(batch)s AND token = %(token)s FOR NO KEY UPDATE)
UPDATE message m SET not_before = a.not_before, send_until = a.send_until
FROM held CROSS JOIN unnest(%(n)s::int[], %(not_before)s::timestamptz[], %(send_until)s::timestamptz[])
     AS a (n, not_before, send_until)
CROSS JOIN LATERAL (
    SELECT ctid AS place FROM message WHERE campaign_id = %(campaign)s AND n = a.n AND state = 'pending' OFFSET 0
) AS found
WHERE m.ctid = found.place AND m.state = 'pending' AND m.n <> ALL (held.in_flight)
"""

# After a commit whose confirmation was lost, the lists may have numbers that no one has called and this worker does not
# know of: whatever is not in `known` leaves them, and a batch that it does not know of is no one's.
_FORGET_CLAIMS = """
WITH held AS MATERIALIZED (
    SELECT number, ARRAY(SELECT n FROM unnest(in_flight) AS n WHERE n = ANY(%(known)s::int[])) AS known FROM batch
    WHERE campaign_id = %(campaign)s AND token = %(token)s ORDER BY number FOR NO KEY UPDATE)
UPDATE batch b SET
    in_flight = held.known,
    pending = b.pending + cardinality(b.in_flight) - cardinality(held.known),
    sending = b.sending - cardinality(b.in_flight) + cardinality(held.known),
    token = CASE WHEN cardinality(held.known) > 0 OR b.number = %(batch)s THEN b.token END,
    touched_at = CASE WHEN cardinality(held.known) > 0 OR b.number = %(batch)s THEN b.touched_at END,
    pushed_at = CASE WHEN cardinality(held.known) > 0 OR b.number = %(batch)s THEN b.pushed_at END
FROM held WHERE b.campaign_id = %(campaign)s AND b.number = held.number
"""

# The same for those that have left their list because another worker has taken the batch, or because the lease ran out.
_UNDO_CLAIMS = """
WITH found AS MATERIALIZED (
    SELECT m.place, m.state AS was, b.number FROM batch b CROSS JOIN LATERAL (
        SELECT ctid AS place, state FROM message
        WHERE campaign_id = %(campaign)s AND n >= b.first_n AND n < b.first_n + b.size AND token = %(token)s
          AND n <> ALL (%(known)s::int[]) AND (state = 'sending' OR state = 'unknown' AND reason = 'lease_expired')
        OFFSET 0 FOR NO KEY UPDATE) AS m
    WHERE b.campaign_id = %(campaign)s AND (b.unknown > 0 OR b.sending > cardinality(b.in_flight))
    FOR NO KEY UPDATE OF b),
undone AS (
    UPDATE message m SET state = CASE WHEN %(ended)s THEN 'failed' ELSE 'pending' END, attempts = attempts - 1,
                         lease_until = NULL, token = NULL, reason = CASE WHEN %(ended)s THEN 'not_sent' END
    FROM found WHERE m.ctid = found.place RETURNING m.segments, found.was, found.number)
UPDATE batch b SET pending = b.pending + CASE WHEN %(ended)s THEN 0 ELSE t.moved END,
                   failed = b.failed + CASE WHEN %(ended)s THEN t.moved ELSE 0 END,
                   sending = b.sending - (t.moved - t.unknown), unknown = b.unknown - t.unknown,
                   uncertain = b.uncertain - t.price, pushed_at = NULL
FROM (SELECT number, count(*) AS moved, count(*) FILTER (WHERE was = 'unknown') AS unknown,
             coalesce(sum(segments) FILTER (WHERE was = 'unknown'), 0) AS price FROM undone GROUP BY 1) t
WHERE b.campaign_id = %(campaign)s AND b.number = t.number RETURNING t.moved
"""


def claim(
    cursor: Cursor[Any],
    campaign_id: int,
    batch: Range,
    *,
    want: int,
    token: int,
    lease_sec: float,
    caps: Caps | None,
    segments: int | None = None,
) -> None:
    """Commits to send up to `want` due messages of the batch, of so many `segments` in all; None: of any number.

    The caller holds the batch by this token and has locked it.

    Messages that are expired, opted out or, with `caps`, above a cap are skipped here. Those whose hours have ended, or
    that are above a cap that defers, stay as they are: the caller gives them another time. `taken` reads the result.
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
        params |= caps.params()
    cursor.execute(_CLAIMS[caps.over_cap if caps else None, segments is not None], params)


def taken(cursor: Cursor[Any], *, token: int) -> Taken:
    """Returns what the claim took with this token, once its statement has been executed."""
    found = cursor.fetchall()
    claimed = [
        Claimed(n, token, phone, body, attempts, deferrals, segments)
        for n, phone, body, attempts, deferrals, segments, hindrance, _, _ in found
        if hindrance is None
    ]
    hindered = [row for row in found if row[6] is not None] if len(claimed) < len(found) else []
    return Taken(
        claimed,
        [Late(row[0], row[1], row[7]) for row in hindered if row[6] == "late"],
        len(found),
        sum([each.segments for each in claimed]),
        next((row[5] for row in hindered if row[6] == "too_long"), None),
        bool(claimed) and found[0][8] == 0,
    )


def forget_claims(campaign_id: int, *, token: int, known: Collection[int], current: int | None) -> int:
    """Undoes claims that this worker does not know of, after a commit whose result was lost; none of them was called.

    `known` are the numbers that it knows to have claimed, `current` the batch that it claims from. Returns how many
    messages had left their list meanwhile and wait again.
    """
    params = {"campaign": campaign_id, "token": token, "known": numbers(known), "batch": current}
    changed(_FORGET_CLAIMS, params)
    return sum(row["moved"] for row in rows(_UNDO_CLAIMS, params | {"ended": has_ended(campaign_id)}))


def postpone(campaign_id: int, number: int, token: int, times: Sequence[NewTime]) -> None:
    """Writes other hours for pending messages of a batch, if the caller still holds it."""
    changed(
        _POSTPONE,
        {
            "campaign": campaign_id,
            "batch": number,
            "token": token,
            "n": numbers(time.n for time in times),
            "not_before": texts(_written(time.not_before) for time in times),
            "send_until": texts(_written(time.send_until) for time in times),
        },
    )


def _written(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
