"""Batches: a range of a campaign's messages, its counts, and whether a job for it is on its way.

A batch is outbox, progress mark and counter at once. The counts live here and not on the campaign because every
recorded window would otherwise queue for one row (36 % slower at a window of 16). Progress, recovery, pause and close
look at batches and never search the message table by state.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.database import changed, row, rows
from models.row import Row
from models.states import MESSAGE_STATES

# Of one campaign, so many batches are in the queue at a time: four for each living send worker, so that nobody is idle,
# and no more, so that another campaign's first batch is never far.
LEAST_PUSHED, MOST_PUSHED = 8, 50
# A worker touches its batch at every claim; one untouched for this long is free for another to join.
HANDS_OFF = "5 seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(Row):
    """A range of n, `size` messages from `first_n` on."""

    campaign_id: int
    number: int
    first_n: int
    size: int
    #: How many of its messages are in each state; together they are `size`.
    pending: int
    sending: int
    sent: int
    delivered: int
    read: int
    undelivered: int
    failed: int
    skipped: int
    cancelled: int
    unknown: int
    unconfirmed: int
    #: In credits: what its messages cost, what of that was sent, and what may have been.
    price: int
    captured: int
    uncertain: int
    #: When a job was pushed for it; None while it has none.
    pushed_at: datetime | None
    #: When a worker last claimed or recorded; None when it was left to others.
    touched_at: datetime | None
    #: When the first of its waiting messages is due; None when it can be claimed from now.
    next_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Range:
    """A batch as the send path sees it: messages [first, last)."""

    number: int
    first: int
    last: int


def take(campaign_id: int, number: int | None = None) -> Range | None:
    """Takes an open, due batch nobody is working on: the one asked for, or else the first; None when there is none."""
    found = row(
        f"""UPDATE batch SET touched_at = now() WHERE (campaign_id, number) = (
              SELECT b.campaign_id, b.number FROM batch b JOIN campaign c ON c.id = b.campaign_id
              WHERE b.campaign_id = %(campaign)s AND c.status = 'sending' AND b.pending > 0
                AND b.number = coalesce(%(number)s, b.number)
                AND (b.touched_at IS NULL OR b.touched_at < now() - interval '{HANDS_OFF}'
                     OR b.next_due_at <= now() OR b.number = %(number)s)
                AND (b.next_due_at IS NULL OR b.next_due_at <= now())
              ORDER BY b.number LIMIT 1 FOR NO KEY UPDATE OF b SKIP LOCKED)
            RETURNING number, first_n, size""",
        {"campaign": campaign_id, "number": number},
    )
    return Range(found["number"], found["first_n"], found["first_n"] + found["size"]) if found else None


def let_wait(campaign_id: int, batch: Range) -> None:
    """Notes when the batch's earliest waiting message is due (NULL: now) and lets it be pushed again then."""
    rows(
        """UPDATE batch SET pushed_at = NULL, next_due_at = (
             SELECT nullif(min(coalesce(not_before, '-infinity')), '-infinity') FROM message
             WHERE campaign_id = %(campaign)s AND n >= %(first)s AND n < %(last)s AND state = 'pending')
           WHERE campaign_id = %(campaign)s AND number = %(number)s AND pending > 0""",
        {"campaign": campaign_id, "number": batch.number, "first": batch.first, "last": batch.last},
    )


def leave(campaign_id: int, batch: Range) -> None:
    """Lets another worker have a batch that this one leaves unfinished, at once."""
    rows(
        """UPDATE batch SET pushed_at = NULL, touched_at = NULL
           WHERE campaign_id = %s AND number = %s AND pending > 0""",
        [campaign_id, batch.number],
    )


def soonest_due(campaign_id: int) -> float | None:
    """Seconds until the campaign's next waiting batch is due; None when nothing of it waits, or it may not send."""
    found = row(
        """SELECT extract(epoch FROM min(next_due_at) - now())::float8 AS seconds FROM batch
           WHERE campaign_id = (SELECT id FROM campaign WHERE id = %s AND status = 'sending')
             AND pending > 0 AND next_due_at IS NOT NULL""",
        [campaign_id],
    )
    return found["seconds"] if found else None


def mark_pushed(campaign_id: int) -> list[int]:
    """Marks the next unpushed, due batches as pushed, as far as there is room, and gives their numbers."""
    found = rows(
        """UPDATE batch SET pushed_at = now()
           FROM (SELECT b.campaign_id, b.number FROM batch b JOIN campaign c ON c.id = b.campaign_id
                 WHERE b.campaign_id = %(campaign)s AND c.status = 'sending' AND b.pushed_at IS NULL AND b.pending > 0
                   AND (b.next_due_at IS NULL OR b.next_due_at <= now())
                 ORDER BY b.number
                 LIMIT greatest(0, least(%(most)s, greatest(%(least)s, 4 * (
                                       SELECT count(*) FROM heartbeat WHERE queue = 'send'
                                       AND beat_at > now() - interval '30 seconds')))
                                   - (SELECT count(*) FROM batch WHERE campaign_id = %(campaign)s
                                      AND pushed_at IS NOT NULL AND pending > 0))
                 FOR NO KEY UPDATE OF b SKIP LOCKED) next
           WHERE batch.campaign_id = next.campaign_id AND batch.number = next.number RETURNING batch.number""",
        {"campaign": campaign_id, "least": LEAST_PUSHED, "most": MOST_PUSHED},
    )
    return sorted(found_row["number"] for found_row in found)


def unmark_pushed(campaign_id: int, numbers: list[int]) -> None:
    """Takes the mark back from batches whose job could not be pushed."""
    changed(
        "UPDATE batch SET pushed_at = NULL WHERE campaign_id = %s AND number = ANY(%s)",
        [campaign_id, numbers],
    )


def lost(campaign_id: int, *, idle_seconds: int) -> list[int]:
    """Batches pushed and untouched for so long that they have lost their job, unless it is still in the queue."""
    found = rows(
        """SELECT number FROM batch
           WHERE campaign_id = %(campaign)s AND pending > 0 AND pushed_at < now() - make_interval(secs => %(idle)s)
             AND (touched_at IS NULL OR touched_at < now() - make_interval(secs => %(idle)s))
             AND (next_due_at IS NULL OR next_due_at <= now()) ORDER BY number""",
        {"campaign": campaign_id, "idle": idle_seconds},
    )
    return [found_row["number"] for found_row in found]


def ranges(campaign_id: int, state: str) -> list[Range]:
    """The campaign's batches that count at least one message in this state."""
    assert state in MESSAGE_STATES
    found = rows(
        f"SELECT number, first_n, size FROM batch WHERE campaign_id = %s AND {state} > 0 ORDER BY number",
        [campaign_id],
    )
    return [Range(b["number"], b["first_n"], b["first_n"] + b["size"]) for b in found]


def stats(campaign_ids: list[int]) -> dict[int, dict[str, Any]]:
    """The counts per message state of each campaign, from its batches; no message row is read."""
    sums = ", ".join(f"sum({state})::bigint AS {state}" for state in MESSAGE_STATES)
    found = rows(
        f"""SELECT campaign_id, sum(size)::bigint AS total, {sums} FROM batch
            WHERE campaign_id = ANY(%s) GROUP BY campaign_id""",
        [campaign_ids],
    )
    empty = dict.fromkeys(("total", *MESSAGE_STATES), 0)
    counted = {counts.pop("campaign_id"): counts for counts in found}
    return {campaign_id: counted.get(campaign_id, empty) for campaign_id in campaign_ids}
