"""Which batches have a job on its way: as many of each account at a time as workers can soon take.

The mark is committed before the job is pushed, so the row is the outbox and a lost job is found. A mark that is lost in
a crash of the server costs a second job, which finds nothing to do; so its commit is not waited for.
"""

from typing import NamedTuple
from uuid import UUID

from models.database import COMMIT_WITHOUT_WAITING, changed, rows
from models.heartbeat import FRESH_SEC
from models.messages.batch import JOINABLE_AFTER_SEC

# How many batches of one account are in the queue or with a worker at a time: one for each live worker, and one more to
# follow it, so that another account's first batch waits for two turns of a worker, however much there is to send.
PUSHED_PER_WORKER, MIN_PUSHED = 2, 4
# And of one sender so many seconds of its rate, but a batch of each campaign: more than that would only stand there.
AHEAD_SEC = 60.0
# What is left of a batch, in segments.
_LEFT = "ceil(b.price::float8 * b.pending / b.size)"
# A batch is in the queue while it is pushed and no worker has touched it since, and with a worker while it is touched;
# a mark that a worker left behind when it was killed counts as neither. On a route that has an order the rate is that
# of the first provider, and on one with shares that of all together.
_MARK_PUSHED = f"""
WITH mine AS MATERIALIZED (
    SELECT id, account_id, channel FROM campaign
    WHERE status = 'sending' AND account_id = (SELECT account_id FROM campaign WHERE id = %(campaign)s)),
busy AS MATERIALIZED (
    SELECT campaign_id, channel, count(*) AS jobs, sum({_LEFT}) AS ahead FROM batch b JOIN mine ON mine.id = campaign_id
    WHERE pending > 0 AND (next_due_at IS NULL OR next_due_at <= now())
      AND (touched_at > now() - make_interval(secs => %(joinable_after)s)
           OR (pushed_at IS NOT NULL AND (touched_at IS NULL OR touched_at < pushed_at)))
    GROUP BY campaign_id, channel),
room AS MATERIALIZED (
    SELECT greatest(0, greatest(%(min)s, %(per_worker)s * (
               SELECT count(*) FROM heartbeat
               WHERE queue = %(queue)s AND beat_at > now() - make_interval(secs => %(fresh)s)))
           - (SELECT coalesce(sum(jobs), 0) FROM busy)) AS free),
pace AS MATERIALIZED (
    SELECT c.channel, (SELECT coalesce(sum(ahead), 0) FROM busy WHERE busy.channel = c.channel) AS ahead,
           CASE WHEN bool_and(s.rate IS NOT NULL) THEN sum(s.rate) * %(ahead_sec)s END AS most
    FROM (SELECT DISTINCT account_id, channel FROM mine) AS c
    LEFT JOIN route r ON r.account_id = c.account_id AND r.channel = c.channel AND (r.weight IS NOT NULL OR NOT EXISTS (
        SELECT FROM route e WHERE e.account_id = r.account_id AND e.channel = r.channel AND e.position < r.position))
    LEFT JOIN provider p ON p.id = r.provider_id
    CROSS JOIN LATERAL (SELECT coalesce(
        (p.settings ->> 'rate')::float8, %(rate)s::float8,
        CASE WHEN p.settings ->> 'daily' IS NOT NULL THEN %(tiered_rate)s::float8 END) AS rate) AS s
    GROUP BY c.channel),
candidate AS MATERIALIZED (
    SELECT each.*, mine.channel, coalesce(busy.jobs, 0) + each.place AS turn
    FROM mine LEFT JOIN busy ON busy.campaign_id = mine.id
    CROSS JOIN LATERAL (
        SELECT b.campaign_id, b.number, {_LEFT} AS ahead, row_number() OVER (ORDER BY b.number) AS place FROM batch b
        WHERE b.campaign_id = mine.id AND b.pushed_at IS NULL AND b.pending > 0
          AND (b.next_due_at IS NULL OR b.next_due_at <= now())
        ORDER BY b.number LIMIT (SELECT free FROM room)) AS each),
next AS MATERIALIZED (
    SELECT campaign_id, number, turn FROM (
        SELECT c.*, pace.most, pace.ahead + sum(c.ahead) OVER (
            PARTITION BY channel ORDER BY turn, campaign_id <= %(campaign)s, campaign_id, number) AS through
        FROM candidate c JOIN pace USING (channel)) AS summed
    WHERE most IS NULL OR through <= most OR turn = 1
    ORDER BY turn, campaign_id <= %(campaign)s, campaign_id, number LIMIT (SELECT free FROM room)),
locked AS MATERIALIZED (
    SELECT b.campaign_id, b.number, next.turn FROM batch b JOIN next USING (campaign_id, number)
    WHERE b.pushed_at IS NULL AND b.pending > 0 FOR NO KEY UPDATE OF b SKIP LOCKED),
marked AS (
    UPDATE batch SET pushed_at = now() FROM locked
    WHERE batch.campaign_id = locked.campaign_id AND batch.number = locked.number
    RETURNING batch.campaign_id, batch.number, locked.turn)
SELECT campaign_id, number, (SELECT account_id FROM campaign WHERE id = %(campaign)s) AS account_id,
       {COMMIT_WITHOUT_WAITING} FROM marked
ORDER BY turn, campaign_id <= %(campaign)s, campaign_id, number
"""


class Pushed(NamedTuple):
    """A batch that was marked as pushed, and whose it is."""

    campaign_id: int
    number: int
    account_id: UUID


def mark_pushed(campaign_id: int, *, queue: str, rate: float | None, tiered_rate: float) -> list[Pushed]:
    """Marks the next unpushed, due batches of the campaign's account and returns them: as many as there is room for.

    The account's campaigns take turns, beginning with the one after this. The room depends on how many live workers
    serve the queue, and not on how much the account has to send; a sender's rate may leave less of it.

    In segments a second, `rate` is that of providers that name none, and `tiered_rate` of those that have only a tier.
    """
    params = {
        "campaign": campaign_id,
        "queue": queue,
        "fresh": FRESH_SEC,
        "per_worker": PUSHED_PER_WORKER,
        "min": MIN_PUSHED,
        "joinable_after": JOINABLE_AFTER_SEC,
        "ahead_sec": AHEAD_SEC,
        "rate": rate,
        "tiered_rate": tiered_rate,
    }
    return [Pushed(each["campaign_id"], each["number"], each["account_id"]) for each in rows(_MARK_PUSHED, params)]


def unmark_pushed(campaign_id: int, numbers: list[int]) -> None:
    """Removes the mark from batches whose job could not be pushed, or was lost."""
    changed(
        "UPDATE batch SET pushed_at = NULL WHERE campaign_id = %s AND number = ANY(%s)",
        [campaign_id, numbers],
    )


def lost(campaign_id: int, *, idle_seconds: int) -> list[int]:
    """Returns batches pushed and untouched for so long that their job is lost, unless it is still in the queue."""
    found = rows(
        """SELECT number FROM batch
           WHERE campaign_id = %(campaign)s AND pending > 0 AND pushed_at < now() - make_interval(secs => %(idle)s)
             AND (touched_at IS NULL OR touched_at < now() - make_interval(secs => %(idle)s))
             AND (next_due_at IS NULL OR next_due_at <= now()) ORDER BY number""",
        {"campaign": campaign_id, "idle": idle_seconds},
    )
    return [batch["number"] for batch in found]
