"""Batches: ranges of a campaign's messages, each with its counts and whether a job for it is on its way.

A batch is outbox, progress mark and counter at once. The counts live here and not on the campaign because every
recorded window would otherwise queue for one row (36 % slower at a window of 16). Progress, recovery, pause and close
read batches and never search the message table by state.
"""

from dataclasses import dataclass
from datetime import datetime

from models.database import COMMIT_WITHOUT_WAITING, changed, row, rows, scalar
from models.row import Row
from models.states import MESSAGE_STATES

# A worker touches its batch at every claim; other workers may join a batch that has not been touched for this long.
JOINABLE_AFTER_SEC = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(Row):
    """A range of n, `size` messages from `first_n` on."""

    campaign_id: int
    number: int
    first_n: int
    size: int
    #: How many of its messages are in each state; the sum is `size`.
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
    #: In credits: the price of its messages, of those sent, and of those that may have been.
    price: int
    captured: int
    uncertain: int
    #: When a job was pushed for it; None while it has none.
    pushed_at: datetime | None
    #: When a worker last claimed or recorded; None when no worker has it.
    touched_at: datetime | None
    #: When the first of its waiting messages is due; None when messages can be claimed now.
    next_due_at: datetime | None
    #: When recovery last found that leases of its messages had run out.
    expired_at: datetime | None
    #: Of the worker that claims from it, or has calls of it in flight; None when it is no one's.
    token: int | None
    #: The numbers of the messages that this worker may be calling; their rows are still `pending`.
    in_flight: list[int]
    #: When the claim of those ends.
    lease_until: datetime | None


@dataclass(frozen=True, slots=True)
class Range:
    """A batch as the send path sees it: messages [first, last)."""

    number: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """How many messages a campaign has in all and in each state."""

    total: int
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


_AS_RANGE = "number, first_n AS first, first_n + size AS last"


# What the last holder has in flight leaves the list: the rows get its token and lease, and end like any claim.
_TAKE = f"""
WITH next AS MATERIALIZED (
    SELECT b.number, b.token, b.lease_until, b.in_flight FROM batch b JOIN campaign c ON c.id = b.campaign_id
    WHERE b.campaign_id = %(campaign)s AND c.status = 'sending' AND b.pending > 0
      AND b.number = coalesce(%(number)s, b.number) AND (b.next_due_at IS NULL OR b.next_due_at <= now())
      AND (b.token = %(token)s OR b.touched_at IS NULL
           OR b.touched_at < now() - make_interval(secs => %(joinable_after)s)
           OR b.token IS NULL AND (b.next_due_at <= now() OR b.number = %(number)s))
    ORDER BY b.number LIMIT 1 FOR NO KEY UPDATE OF b SKIP LOCKED),
left_over AS (
    UPDATE message m SET state = 'sending', token = next.token, lease_until = next.lease_until,
                         attempts = m.attempts + 1
    FROM next CROSS JOIN LATERAL unnest(next.in_flight) AS listed (n) CROSS JOIN LATERAL (
        SELECT ctid AS place FROM message WHERE campaign_id = %(campaign)s AND n = listed.n OFFSET 0) AS found
    WHERE m.ctid = found.place AND m.state = 'pending' AND next.token <> %(token)s)
UPDATE batch b SET token = %(token)s, touched_at = now(),
                   in_flight = CASE WHEN next.token = %(token)s THEN b.in_flight ELSE '{{}}' END
FROM next WHERE b.campaign_id = %(campaign)s AND b.number = next.number
RETURNING b.number, b.first_n AS first, b.first_n + b.size AS last, {COMMIT_WITHOUT_WAITING}
"""


def take(campaign_id: int, *, token: int, number: int | None = None) -> Range | None:
    """Takes an open, due batch that no one works on: this one, or without a number the first; None if there is none.

    The commit is not waited for: that of the first claim makes it durable too, and nothing is called before.
    """
    params = {"campaign": campaign_id, "number": number, "token": token, "joinable_after": JOINABLE_AFTER_SEC}
    return row(_TAKE, params, into=Range)


def let_wait(campaign_id: int, batch: Range, *, token: int) -> bool:
    """Notes when the batch's earliest waiting message is due (NULL: now) and lets it be pushed again then.

    None waits longer than the campaign, so that what has expired is skipped in time. The batch stays the holder's only
    while it has messages of it in flight. Returns whether it was the holder's. The commit is not waited for: if the
    server crashes now, recovery finds the batch as it finds any that a worker has not touched for a while.
    """
    return bool(
        changed(
            f"""UPDATE batch SET
                 pushed_at = CASE WHEN pending = 0 THEN pushed_at END,
                 token = CASE WHEN cardinality(in_flight) > 0 THEN token END,
                 next_due_at = CASE WHEN pending = 0 THEN next_due_at ELSE (
                     SELECT nullif(least(min(coalesce(m.not_before, '-infinity')), min(c.expires_at)), '-infinity')
                     FROM message m JOIN campaign c ON c.id = m.campaign_id
                     WHERE m.campaign_id = %(campaign)s AND m.n >= %(first)s AND m.n < %(last)s
                       AND m.state = 'pending' AND m.n <> ALL (batch.in_flight)) END
               WHERE campaign_id = %(campaign)s AND number = %(number)s AND token = %(token)s
               RETURNING {COMMIT_WITHOUT_WAITING}""",
            {
                "campaign": campaign_id,
                "number": batch.number,
                "first": batch.first,
                "last": batch.last,
                "token": token,
            },
        )
    )


def leave(campaign_id: int, batch: Range, *, token: int, due_in_sec: float | None = None) -> None:
    """Frees a batch that this worker leaves unfinished: another may take it at once, or after so many seconds.

    The commit is not waited for, as in `let_wait`.
    """
    changed(
        f"""UPDATE batch SET pushed_at = CASE WHEN pending = 0 THEN pushed_at END,
                            touched_at = CASE WHEN pending = 0 THEN touched_at END,
                            next_due_at = CASE WHEN pending = 0 THEN next_due_at
                                          ELSE coalesce(now() + make_interval(secs => %s::float8), next_due_at) END,
                            token = CASE WHEN cardinality(in_flight) > 0 THEN token END
           WHERE campaign_id = %s AND number = %s AND token = %s
           RETURNING {COMMIT_WITHOUT_WAITING}""",
        [due_in_sec, campaign_id, batch.number, token],
    )


def soonest_due(campaign_id: int) -> float | None:
    """Returns the seconds until a waiting batch is due; None when none waits, or the campaign may not send."""
    seconds: float | None = scalar(
        """SELECT extract(epoch FROM min(next_due_at) - now())::float8 FROM batch
           WHERE campaign_id = (SELECT id FROM campaign WHERE id = %s AND status = 'sending')
             AND pending > 0 AND next_due_at IS NOT NULL""",
        [campaign_id],
    )
    return seconds


def ranges(campaign_id: int, state: str) -> list[Range]:
    """Returns the campaign's batches that count at least one message in this state."""
    if state not in MESSAGE_STATES:
        raise ValueError(f"not a state of a message: {state}")
    return rows(
        f"SELECT {_AS_RANGE} FROM batch WHERE campaign_id = %s AND {state} > 0 ORDER BY number",
        [campaign_id],
        into=Range,
    )


def stats(campaign_ids: list[int]) -> dict[int, Stats]:
    """Returns the counts of each of these campaigns, from its batches; no message row is read."""
    sums = ", ".join(f"coalesce(sum({state}), 0)::bigint AS {state}" for state in MESSAGE_STATES)
    found = rows(
        f"""SELECT coalesce(sum(size), 0)::bigint AS total, {sums}
            FROM unnest(%s::bigint[]) WITH ORDINALITY AS asked (id, place)
            LEFT JOIN batch ON batch.campaign_id = asked.id GROUP BY asked.place ORDER BY asked.place""",
        [campaign_ids],
        into=Stats,
    )
    return dict(zip(campaign_ids, found, strict=True))


def waiting_until(campaign_ids: list[int]) -> dict[int, datetime]:
    """Returns, for those of these campaigns of which no message may be sent now, when the first one may be."""
    if not campaign_ids:
        return {}
    found = rows(
        """SELECT campaign_id, min(next_due_at) AS until FROM batch WHERE campaign_id = ANY(%s) AND pending > 0
           GROUP BY campaign_id HAVING bool_and(next_due_at IS NOT NULL AND next_due_at > now())""",
        [campaign_ids],
    )
    return {each["campaign_id"]: each["until"] for each in found}
