"""Writes what became of claimed messages, each only if the claim's token still matches."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from psycopg import Cursor

from models.campaigns.sending import has_ended
from models.customers.suppression import OPTED_OUT_AT_PROVIDER, opt_outs
from models.database import rows
from models.messages.arrays import booleans, numbers, texts, words
from models.messages.message import Outcome

_ANSWERS = """unnest(%(n)s::int[], %(state)s::text[], %(provider_id)s::text[], %(error)s::text[], %(reason)s::text[],
                %(wait)s::float8[], %(counted)s::bool[], %(answered_by)s::text[])
        AS a (n, state, provider_id, error_code, reason, wait, counted, provider)"""
# The same for messages that were all sent, as most are: six arrays less to write, to send and to read.
_SENT_ANSWERS = """(
        SELECT n, 'sent'::text AS state, provider_id, NULL::text AS error_code, NULL::text AS reason,
               NULL::float8 AS wait, true AS counted, NULL::text AS provider
        FROM unnest(%(n)s::int[], %(provider_id)s::text[]) AS sent (n, provider_id)) AS a"""
_COUNTED = """count(*) AS moved, array_agg(n) AS answered,
                 count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'sent') AS sent,
                 count(*) FILTER (WHERE state = 'failed') AS failed,
                 count(*) FILTER (WHERE state = 'unknown') AS unknown,
                 coalesce(sum(segments) FILTER (WHERE state = 'sent'), 0) AS captured,
                 coalesce(sum(segments) FILTER (WHERE state = 'unknown'), 0) AS uncertain,
                 sum(segments) AS price,
                 min(coalesce(not_before, now())) FILTER (WHERE state = 'pending') AS due_at"""
_MOVES_COUNTS = """
        pending = b.pending + t.pending, sent = b.sent + t.sent, failed = b.failed + t.failed,
        captured = b.captured + t.captured,
        -- answers that come after the batch was left do not make it anyone's
        touched_at = CASE WHEN b.touched_at IS NOT NULL THEN now() END,
        -- a batch with nothing else to claim waits for these, and may then be pushed again
        next_due_at = CASE WHEN t.pending > 0 AND (b.pending = 0 OR b.next_due_at IS NOT NULL)
                           THEN least(b.next_due_at, t.due_at) ELSE b.next_due_at END,
        pushed_at = CASE WHEN t.pending > 0 AND (b.pending = 0 OR b.next_due_at IS NOT NULL)
                         THEN NULL ELSE b.pushed_at END"""

# Writes answers to messages in the lists of batches that this token holds. Locking the batches here lets the claim that
# follows in the transaction see what others did before; the last line counts them because a SELECT in WITH runs only as
# far as something reads it, and without answers nothing else would. What returns to pending waits at least for a
# moment, so that the same transaction does not claim it again: it would be recorded twice after a lost COMMIT.
#
# OFFSET 0 makes each answer look its message up by n, whatever the statistics say. `m.n = ANY(array)` beside the join
# does so too, but compares every row with the whole array: nearly half of PostgreSQL's work while sending (43 µs a
# message against 24). IS TRUE makes the lists a hash table; as a join, each answer was compared with each number in
# flight. EXCEPT makes one too, of what leaves the lists: `n <> ALL(array)` took 75 µs of an exchange more with a window
# of 128, and 230 with 256. And the batches are named again so that the last update does not read all those of the
# campaign.
_RECORD_ANY = f"""
WITH held AS MATERIALIZED (
    SELECT number, in_flight FROM batch
    WHERE campaign_id = %(campaign)s AND number = ANY(%(batches)s::int[]) AND token = %(token)s
    ORDER BY number FOR NO KEY UPDATE),
answer AS (
    SELECT a.*, a.n / %(batch_size)s AS number FROM {{answers}}
    WHERE (a.n IN (SELECT unnest(in_flight) FROM held)) IS TRUE),
moved AS (
    UPDATE message m SET
        state = a.state,
        attempts = m.attempts + CASE WHEN a.counted THEN 1 ELSE 0 END,
        deferrals = least(m.deferrals::int + CASE WHEN a.wait IS NOT NULL AND NOT a.counted THEN 1 ELSE 0 END, 32767),
        not_before = CASE WHEN a.state = 'pending' THEN now() + make_interval(secs => coalesce(a.wait, 0.001)) END,
        lease_until = CASE WHEN a.state = 'unknown' THEN now() END,
        sent_at = CASE WHEN a.state = 'sent' THEN now() END,
        provider = coalesce(a.provider, %(provider)s), provider_id = a.provider_id, error_code = a.error_code,
        reason = a.reason
    FROM answer a CROSS JOIN LATERAL (
        SELECT ctid AS place FROM message WHERE campaign_id = %(campaign)s AND n = a.n OFFSET 0) AS found
    WHERE m.ctid = found.place AND m.state = 'pending'
    RETURNING m.n, m.state, m.segments, m.not_before, a.number{{returned}}),{{opt_outs}}
counted AS (
    UPDATE batch b SET {_MOVES_COUNTS},
        sending = b.sending - t.moved, unknown = b.unknown + t.unknown, uncertain = b.uncertain + t.uncertain,
        in_flight = ARRAY(SELECT unnest(b.in_flight) EXCEPT SELECT unnest(t.answered)),
        token = CASE WHEN t.moved < cardinality(b.in_flight) OR b.number = %(current)s THEN b.token END
    FROM (SELECT number, {_COUNTED} FROM moved GROUP BY number) t
    WHERE b.campaign_id = %(campaign)s AND b.number = t.number AND b.number = ANY(%(batches)s::int[]))
SELECT count(*), CASE WHEN count(*) < %(count)s THEN array_agg(n) END, (SELECT count(*) FROM held) FROM moved
"""
_OPT_OUTS = f"""
of_account AS (
    SELECT c.account_id, moved.phone, moved.reason, moved.provider FROM moved CROSS JOIN campaign c
    WHERE c.id = %(campaign)s),
{opt_outs("of_account")}"""
_WITH_PHONE = ", m.phone, m.reason, m.provider"
_RECORD = _RECORD_ANY.format(answers=_ANSWERS, returned="", opt_outs="")
_RECORD_SENT = _RECORD_ANY.format(answers=_SENT_ANSWERS, returned="", opt_outs="")
# Only where an answer says that someone has opted out, which few do.
_RECORD_OPT_OUTS = _RECORD_ANY.format(answers=_ANSWERS, returned=_WITH_PHONE, opt_outs=f"{_OPT_OUTS},")

# Writes answers by token to messages that have left their list: recovery has called them unknown, or another worker has
# taken the batch, or the previous release claimed them. No one else claims such a message, so the answer to its last
# claim is the whole truth about it. What was not sent waits again, unless the campaign has ended, which stays so; then
# it has failed.
_RECORD_LATE = f"""
WITH answer AS (SELECT a.*, a.state = 'pending' AND %(ended)s AS ends_unsent FROM {_ANSWERS}),
moved AS (
    UPDATE message m SET
        state = CASE WHEN a.ends_unsent THEN 'failed' ELSE a.state END,
        attempts = m.attempts - CASE WHEN a.counted THEN 0 ELSE 1 END,
        deferrals = least(m.deferrals::int + CASE WHEN a.wait IS NOT NULL AND NOT a.counted THEN 1 ELSE 0 END, 32767),
        not_before = CASE WHEN NOT a.ends_unsent THEN now() + make_interval(secs => a.wait) END,
        lease_until = CASE WHEN a.state = 'unknown' THEN now() END,
        sent_at = CASE WHEN a.state = 'sent' THEN now() END,
        -- the same answer may come again, after another claim that writes no token unless it is lost
        token = CASE WHEN a.state <> 'pending' THEN m.token END,
        provider = coalesce(a.provider, %(provider)s), provider_id = a.provider_id, error_code = a.error_code,
        reason = CASE WHEN a.ends_unsent THEN 'not_sent' ELSE a.reason END
    FROM answer a CROSS JOIN LATERAL (
        SELECT ctid AS place FROM message WHERE campaign_id = %(campaign)s AND n = a.n OFFSET 0) AS found
    WHERE m.ctid = found.place AND m.token = %(token)s AND m.state = {{was}}
    RETURNING m.n, m.state, m.segments, m.not_before, m.n / %(batch_size)s AS number{_WITH_PHONE}),{_OPT_OUTS}
UPDATE batch b SET {_MOVES_COUNTS},
    sending = b.sending - CASE WHEN {{was}} = 'sending' THEN t.moved ELSE 0 END,
    unknown = b.unknown + t.unknown - CASE WHEN {{was}} = 'unknown' THEN t.moved ELSE 0 END,
    uncertain = b.uncertain + t.uncertain - CASE WHEN {{was}} = 'unknown' THEN t.price ELSE 0 END
FROM (SELECT number, {_COUNTED} FROM moved GROUP BY number) t
WHERE b.campaign_id = %(campaign)s AND b.number = t.number AND b.number = ANY(%(batches)s::int[])
RETURNING t.moved
"""
_RECORD_SENDING = _RECORD_LATE.format(was="'sending'")
_RECORD_UNKNOWN = _RECORD_LATE.format(was="'unknown'")


class _Detail(NamedTuple):
    """What a detail is of a message that was sent, and how a column of it becomes a parameter."""

    of_sent: object
    literal: Callable[[Any], str]


_DETAILS = {
    "state": _Detail("sent", words),
    "error": _Detail(None, texts),
    "reason": _Detail(None, texts),
    "wait": _Detail(None, numbers),
    "counted": _Detail(True, booleans),
    "answered_by": _Detail(None, texts),
}


class Answers(NamedTuple):
    """Outcomes as parameters of a statement."""

    numbers: Sequence[int]
    params: dict[str, Any]
    #: What `params` leaves out if all the messages were sent and there is nothing else to say of them.
    details: Mapping[str, Sequence[Any]]
    only_sent: bool


def answers(
    campaign_id: int, outcomes: Sequence[Outcome], *, token: int, provider: str, batch_size: int, current: int | None
) -> Answers:
    """Returns the outcomes for `record`; all are of claims with this token. `current` is the batch that is kept."""
    n, _, states, provider_ids, errors, reasons, waits, counted, answered_by = (
        zip(*outcomes, strict=True) if outcomes else [()] * 9
    )
    batches = {each // batch_size for each in n} | ({current} if current is not None else set())
    details = dict(zip(_DETAILS, (states, errors, reasons, waits, counted, answered_by), strict=True))
    return Answers(
        n,
        {
            "campaign": campaign_id,
            "count": len(outcomes),
            "provider": provider,
            "token": token,
            "batches": numbers(batches),
            "batch_size": batch_size,
            "current": current,
            "n": numbers(n),
            "provider_id": texts(provider_ids),
        },
        details,
        all(column.count(_DETAILS[name].of_sent) == len(n) for name, column in details.items()),
    )


def _with_details(given: Answers) -> dict[str, Any]:
    return given.params | {name: _DETAILS[name].literal(column) for name, column in given.details.items()}


def record(cursor: Cursor[Any], given: Answers) -> None:
    """Writes what became of messages in the lists of batches that the token holds, and locks these and the current one.

    `written` reads the result; the others are for `record_late`.
    """
    if given.only_sent:
        cursor.execute(_RECORD_SENT, given.params)
        return
    some_opted_out = OPTED_OUT_AT_PROVIDER in given.details["reason"]
    cursor.execute(_RECORD_OPT_OUTS if some_opted_out else _RECORD, _with_details(given))


def written(cursor: Cursor[Any], given: Answers) -> set[int]:
    """Returns the numbers of the messages that `record` wrote, once its statement has been executed."""
    count, numbers_written, _ = cursor.fetchone() or (0, None, 0)
    return set(given.numbers if count == len(given.numbers) else numbers_written or ())


def record_late(given: Answers) -> int:
    """Writes what became of messages that have left their list, by token; returns how many.

    The caller has a transaction open.
    """
    params = _with_details(given) | {"ended": False}
    moved: int = sum(row["moved"] for row in rows(_RECORD_SENDING, params))
    if moved < len(given.numbers):
        params["ended"] = has_ended(given.params["campaign"])
        moved += sum(row["moved"] for row in rows(_RECORD_UNKNOWN, params))
    return moved
