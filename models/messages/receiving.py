"""Applies receipts to messages: only forward, whatever the order in which they come, and only once.

`STEPS` is the order: a receipt moves a message to a later step and is otherwise nothing new, so that any permutation
of the same receipts ends in the same state. A phone that acknowledges a message has it, so `delivered` comes after
`undelivered`: a provider that gives up and is then told otherwise says both.
"""

from typing import Any, NamedTuple

from models.customers.suppression import opt_outs
from models.database import changed, db, rows

#: A message that is `unknown` was accepted after all if there is a receipt for it.
STEPS = ("unknown", "sent", "undelivered", "delivered", "read")
# A receipt that names no message we know waits for so long, and one of a message sent so long ago changes nothing.
WAITS_FOR, CLOSED_AFTER = "interval '24 hours'", "interval '72 hours'"

_TAKE = """
SELECT r.id FROM receipt r WHERE r.due_at <= now() ORDER BY r.due_at LIMIT %(most)s FOR NO KEY UPDATE SKIP LOCKED
"""

# Every change of messages locks their batches first, in order; so does the send path.
_LOCK_BATCHES = """
SELECT FROM batch b WHERE (b.campaign_id, b.number) IN (
    SELECT r.campaign_id, r.n / c.batch_size FROM receipt r JOIN campaign c ON c.id = r.campaign_id
    WHERE r.id = ANY(%(ids)s))
ORDER BY b.campaign_id, b.number FOR NO KEY UPDATE
"""

_STEPS = f"ARRAY[{', '.join(f'{state!r}' for state in STEPS)}]"

# A receipt counts for a message of the provider that sends it, or, while the message names none because its worker has
# died, of its account. A message that another process is changing right now looks like one that does not exist, and
# the receipt waits. What waits is looked at again at growing intervals, at most ten minutes apart. What was undelivered
# stays so once a follow-up has taken its number, because a family reaches a number once.
_APPLY = f"""
WITH judged AS MATERIALIZED (
    SELECT r.id, r.n, r.state, r.message_id, r.reason, r.error_code, r.received_at, c.id AS campaign_id, c.batch_size,
           p.kind || ':' || p.id AS label, c.account_id, c.correlation_id, c.traceparent, m.place,
           m.state AS was, m.sent_at,
           CASE WHEN m.place IS NULL THEN 'unknown_message'
                WHEN m.state IN ('pending', 'sending') THEN 'early'
                WHEN m.state = 'undelivered' AND EXISTS (
                    SELECT FROM campaign_number later WHERE later.root_id = coalesce(c.root_id, c.id)
                      AND later.phone = m.phone AND later.campaign_id > c.id) THEN 'nothing_new'
                WHEN array_position({_STEPS}, r.state) > array_position({_STEPS}, m.state)
                THEN CASE WHEN m.sent_at < r.received_at - {CLOSED_AFTER} THEN 'too_late' ELSE 'applied' END
                ELSE 'nothing_new' END AS outcome
    FROM receipt r JOIN provider p ON p.id = r.provider_id
    LEFT JOIN campaign c ON c.id = r.campaign_id AND (p.account_id IS NULL OR p.account_id = c.account_id)
    LEFT JOIN LATERAL (
        SELECT ctid AS place, state, sent_at, phone FROM message
        WHERE campaign_id = c.id AND n = r.n AND (provider IS NULL OR provider = p.kind || ':' || p.id)
        FOR NO KEY UPDATE SKIP LOCKED) AS m ON true
    WHERE r.id = ANY(%(ids)s)),
best AS (
    SELECT DISTINCT ON (campaign_id, n) * FROM judged WHERE outcome = 'applied'
    ORDER BY campaign_id, n, array_position({_STEPS}, state) DESC, id),
moved AS (
    UPDATE message m SET
        state = best.state, provider = best.label, provider_id = coalesce(m.provider_id, best.message_id),
        reason = best.reason, error_code = best.error_code,
        lease_until = NULL, sent_at = coalesce(m.sent_at, best.received_at)
    FROM best WHERE m.ctid = best.place
    RETURNING m.campaign_id, m.n / best.batch_size AS number, m.segments, m.state, best.was,
              best.account_id, m.phone, m.reason, m.provider),
{opt_outs("moved")},
counted AS (
    UPDATE batch b SET
        sent = b.sent + t.sent, delivered = b.delivered + t.delivered, undelivered = b.undelivered + t.undelivered,
        read = b.read + t.read, unknown = b.unknown - t.resolved,
        captured = b.captured + t.price, uncertain = b.uncertain - t.price,
        -- As in unknown.py: the campaign is to be settled now.
        touched_at = CASE WHEN t.resolved > 0 AND b.pending + b.sending = 0 THEN now() ELSE b.touched_at END
    FROM (SELECT campaign_id, number,
                 {
    ", ".join(f"count(*) FILTER (WHERE state = '{s}') - count(*) FILTER (WHERE was = '{s}') AS {s}" for s in STEPS[1:])
},
                 count(*) FILTER (WHERE was = 'unknown') AS resolved,
                 coalesce(sum(segments) FILTER (WHERE was = 'unknown'), 0) AS price
          FROM moved GROUP BY campaign_id, number) AS t
    WHERE b.campaign_id = t.campaign_id AND b.number = t.number)
UPDATE receipt r SET
    outcome = j.outcome,
    due_at = CASE WHEN j.outcome IN ('early', 'unknown_message') AND r.received_at > now() - {WAITS_FOR}
                  THEN now() + greatest(interval '1 second', least((now() - r.received_at) / 2, interval '10 minutes'))
             END
FROM judged j WHERE r.id = j.id
RETURNING r.outcome, j.label AS provider, r.state, extract(epoch FROM now() - r.received_at)::float AS waited_sec,
          extract(epoch FROM r.received_at - j.sent_at)::float AS after_sec, j.campaign_id,
          j.correlation_id AS request_id, j.traceparent
"""


class Judged(NamedTuple):
    """What became of one receipt."""

    outcome: str
    #: As messages name it.
    provider: str
    #: What it says of its message.
    state: str
    #: How long ago it came.
    waited_sec: float
    #: How long after its message was recorded as sent; None if it was not, or the receipt names no message.
    after_sec: float | None
    #: Whose message it names, and by which request that campaign was started; None if it names none that we know.
    campaign_id: int | None
    request_id: str | None
    traceparent: str | None


def apply_due(*, most: int) -> list[Judged]:
    """Deals with receipts that are due, at most so many, and returns what became of each; none: none is due."""
    with db.atomic():
        params: dict[str, Any] = {"ids": [each["id"] for each in rows(_TAKE, {"most": most})]}
        if not params["ids"]:
            return []
        changed(_LOCK_BATCHES, params)
        return [Judged(**each) for each in rows(_APPLY, params)]
