"""Messages: one row per recipient of a campaign, and what is recorded of each call; `claiming.py` claims them.

A message is (campaign, n); a batch is a range of n. Every statement here writes its states literally and keeps the
counts of the batches it touches in the same transaction (`batch.py` says why). No indexed column ever changes, so
updates stay HOT.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from models.campaigns.sending import has_ended
from models.database import db
from models.messages.arrays import booleans, numbers, texts
from models.messages.parameters import unmarked
from models.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Row):
    """One recipient of one campaign, with the text frozen at enqueue and what became of it."""

    campaign_id: int
    n: int
    #: Its price in credits.
    segments: int
    attempts: int
    #: How often the provider asked to be called later; those calls are not attempts.
    deferrals: int
    customer_id: int | None
    #: Of the last claim; only an answer with the same token is written.
    token: int | None
    #: When it may be claimed again; None for now.
    not_before: datetime | None
    #: When the hours end in which it may be sent; None if they do not.
    send_until: datetime | None
    #: Whose clock counts for its hours; None if it may be sent at any hour.
    zone: str | None
    #: While `sending`: when the claim ends. While `unknown`: since when.
    lease_until: datetime | None
    sent_at: datetime | None
    state: str
    reason: str | None
    #: None only in a message that was skipped.
    phone: str | None
    encoding: str | None
    body: str
    provider: str | None
    provider_id: str | None
    error_code: str | None

    @property
    def id(self) -> str:
        """How people refer to it: `<campaign>-<n>`."""
        return f"{self.campaign_id}-{self.n}"

    @property
    def text(self) -> str:
        """What people read: its body, without the marks of a template's parameters."""
        return unmarked(self.body)


# Named tuples, like everything of which there is one per message: making a frozen dataclass takes three times as long.
class Claimed(NamedTuple):
    """A message that this worker is committed to send: it must be called now, or handed back."""

    n: int
    token: int
    phone: str
    body: str
    attempts: int
    deferrals: int


class Outcome(NamedTuple):
    """What to write for one claimed message: its new state, and how long it waits if it returns to pending.

    `counted` says whether the call was an attempt.
    """

    n: int
    token: int
    state: str
    provider_id: str | None = None
    error_code: str | None = None
    reason: str | None = None
    wait_sec: float | None = None
    counted: bool = True
    #: Who answered, if not the provider that the campaign is sent through.
    provider: str | None = None


# Writes answers by token. A row that recovery has meanwhile called unknown is written too: no one else claims it, so
# the answer to its last claim is the whole truth about it. What was not sent waits again, unless the campaign has
# ended, which stays so; then it has failed.
#
# OFFSET 0 makes each answer look its message up by n, whatever the statistics say. `m.n = ANY(array)` beside the join
# does so too, but compares every row with the whole array: nearly half of PostgreSQL's work while sending (43 µs a
# message against 24). A row that changes between look-up and update is not written, and then counts as a late answer.
_RECORD = """
WITH answer AS (
    SELECT *, state = 'pending' AND %(ended)s AS ends_unsent
    FROM unnest(%(n)s::int[], %(token)s::bigint[], %(state)s::text[], %(provider_id)s::text[],
                %(error)s::text[], %(reason)s::text[], %(wait)s::float8[], %(counted)s::bool[],
                %(answered_by)s::text[])
        AS a (n, token, state, provider_id, error_code, reason, wait, counted, provider)),
moved AS (
    UPDATE message m SET
        state = CASE WHEN a.ends_unsent THEN 'failed' ELSE a.state END,
        attempts = m.attempts - CASE WHEN a.counted THEN 0 ELSE 1 END,
        deferrals = least(m.deferrals::int + CASE WHEN a.wait IS NOT NULL AND NOT a.counted THEN 1 ELSE 0 END, 32767),
        not_before = CASE WHEN NOT a.ends_unsent THEN now() + make_interval(secs => a.wait) END,
        lease_until = CASE WHEN a.state = 'unknown' THEN now() END,
        sent_at = CASE WHEN a.state = 'sent' THEN now() END,
        provider = coalesce(a.provider, %(provider)s), provider_id = a.provider_id, error_code = a.error_code,
        reason = CASE WHEN a.ends_unsent THEN 'not_sent' ELSE a.reason END
    FROM answer a CROSS JOIN LATERAL (
        SELECT ctid AS place FROM message WHERE campaign_id = %(campaign)s AND n = a.n OFFSET 0) AS found
    WHERE m.ctid = found.place AND m.token = a.token AND m.state = {was}
    RETURNING m.n, m.state, m.segments, m.not_before),
counted AS (
    UPDATE batch b SET
        sending = b.sending - CASE WHEN {was} = 'sending' THEN t.moved ELSE 0 END,
        pending = b.pending + t.pending, sent = b.sent + t.sent, failed = b.failed + t.failed,
        unknown = b.unknown + t.unknown - CASE WHEN {was} = 'unknown' THEN t.moved ELSE 0 END,
        captured = b.captured + t.captured,
        uncertain = b.uncertain + t.uncertain - CASE WHEN {was} = 'unknown' THEN t.price ELSE 0 END,
        -- answers that come after the batch was left do not make it anyone's
        touched_at = CASE WHEN b.touched_at IS NOT NULL THEN now() END,
        -- a batch with nothing else to claim waits for these, and may then be pushed again
        next_due_at = CASE WHEN t.pending > 0 AND (b.pending = 0 OR b.next_due_at IS NOT NULL)
                           THEN least(b.next_due_at, t.due_at) ELSE b.next_due_at END,
        pushed_at = CASE WHEN t.pending > 0 AND (b.pending = 0 OR b.next_due_at IS NOT NULL)
                         THEN NULL ELSE b.pushed_at END
    FROM (SELECT n / %(batch_size)s AS number, count(*) AS moved,
                 count(*) FILTER (WHERE state = 'pending') AS pending, count(*) FILTER (WHERE state = 'sent') AS sent,
                 count(*) FILTER (WHERE state = 'failed') AS failed,
                 count(*) FILTER (WHERE state = 'unknown') AS unknown,
                 coalesce(sum(segments) FILTER (WHERE state = 'sent'), 0) AS captured,
                 coalesce(sum(segments) FILTER (WHERE state = 'unknown'), 0) AS uncertain,
                 sum(segments) AS price,
                 min(coalesce(not_before, now())) FILTER (WHERE state = 'pending') AS due_at
          FROM moved GROUP BY 1) t
    WHERE b.campaign_id = %(campaign)s AND b.number = t.number)
SELECT n FROM moved
"""
_RECORD_SENDING = _RECORD.format(was="'sending'")
_RECORD_UNKNOWN = _RECORD.format(was="'unknown'")


def record(campaign_id: int, outcomes: list[Outcome], *, provider: str, batch_size: int) -> int:
    """Writes what became of claimed messages, each only if the token still matches; returns how many it wrote.

    The caller has a transaction open.
    """
    call = {"campaign": campaign_id, "provider": provider, "batch_size": batch_size}
    written = _record(_RECORD_SENDING, call | {"ended": False}, outcomes)
    if len(written) == len(outcomes):
        return len(written)
    late = [outcome for outcome in outcomes if outcome.n not in written and outcome.state != "unknown"]
    if not late:
        return len(written)
    return len(written) + len(_record(_RECORD_UNKNOWN, call | {"ended": has_ended(campaign_id)}, late))


def _record(sql: str, call: dict[str, Any], outcomes: list[Outcome]) -> set[int]:
    params = call | {
        "n": numbers(o.n for o in outcomes),
        "token": numbers(o.token for o in outcomes),
        "state": texts(o.state for o in outcomes),
        "provider_id": texts(o.provider_id for o in outcomes),
        "error": texts(o.error_code for o in outcomes),
        "reason": texts(o.reason for o in outcomes),
        "wait": numbers(o.wait_sec for o in outcomes),
        "counted": booleans(o.counted for o in outcomes),
        "answered_by": texts(o.provider for o in outcomes),
    }
    return {n for (n,) in db.connection().execute(sql, params).fetchall()}
