"""What has happened: an event of a campaign is written by a trigger when it moves, one of messages is derived.

The send path writes nothing for webhooks. A campaign that started while its account had a webhook is watched: each of
its batches whose counts have changed is compared with what has been told of it, one letter for each message.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models.database import changed, row, rows
from models.row import JsonObject, Row
from models.webhooks.webhook import MESSAGE_EVENTS

# Messages in one event, and so in one request; and batches in one transaction.
MESSAGES_PER_EVENT, BATCHES_AT_ONCE = 200, 10
# Receipts come within this time of a campaign's end; until then it is looked at now and then.
WATCHED_FOR = "interval '4 days'"
WATCH_SEC, WATCH_ENDED_SEC = 1, 30

_COUNTS = f"ARRAY[{', '.join(f'b.{state}' for state in MESSAGE_EVENTS.values())}]"
_LETTER = f"CASE m.state {' '.join(f'WHEN {state!r} THEN {letter!r}' for letter, state in MESSAGE_EVENTS.items())} END"
_STATE = f"CASE letter {' '.join(f'WHEN {letter!r} THEN {state!r}' for letter, state in MESSAGE_EVENTS.items())} END"

# Counts and messages are read by one statement, and so as of one moment. A state that was passed between two looks has
# no event of its own.
_DERIVE = f"""
WITH news AS MATERIALIZED (
    SELECT b.number, b.first_n, b.size, {_COUNTS} AS counts, coalesce(w.told, '') AS told
    FROM batch b LEFT JOIN webhook_batch w USING (campaign_id, number)
    WHERE b.campaign_id = %(campaign)s
      AND {_COUNTS} <> coalesce(w.counts, array_fill(0, ARRAY[{len(MESSAGE_EVENTS)}]))
    ORDER BY b.number LIMIT %(batches)s),
seen AS MATERIALIZED (
    SELECT news.number, m.n, m.letter, substr(news.told, m.n - news.first_n + 1, 1) AS told
    FROM news CROSS JOIN LATERAL (
        SELECT n, coalesce({_LETTER}, ' ') AS letter FROM message m
        WHERE m.campaign_id = %(campaign)s AND m.n >= news.first_n AND m.n < news.first_n + news.size OFFSET 0) AS m),
kept AS (
    INSERT INTO webhook_batch (campaign_id, number, counts, told)
    SELECT %(campaign)s, number, counts, letters
    FROM news JOIN (SELECT number, string_agg(letter, '' ORDER BY n) AS letters FROM seen GROUP BY number) AS each
      USING (number)
    ON CONFLICT (campaign_id, number) DO UPDATE SET counts = excluded.counts, told = excluded.told),
happened AS (
    SELECT type, n, (row_number() OVER (PARTITION BY type ORDER BY n) - 1) / %(most)s AS part
    FROM (SELECT 'message.' || {_STATE} AS type, n FROM seen WHERE letter <> told AND letter <> ' ') AS new
    WHERE EXISTS (SELECT FROM webhook WHERE account_id = %(account)s AND status = 'live'
                                        AND coalesce(new.type = ANY(events), true) OFFSET 0)),
made AS (
    INSERT INTO webhook_event (account_id, campaign_id, type, numbers)
    SELECT %(account)s, %(campaign)s, type, array_agg(n ORDER BY n)
    FROM happened GROUP BY type, part ORDER BY min(n)
    RETURNING id, type),
delivering AS (
    INSERT INTO webhook_delivery (account_id, webhook_id, event_id)
    SELECT account_id, webhook.id, made.id FROM made JOIN webhook
      ON account_id = %(account)s AND status = 'live' AND coalesce(made.type = ANY(events), true)
    ORDER BY made.id)
SELECT count(*)::int AS batches FROM news
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent(Row):
    """Something that happened: to a campaign, to some of its messages, or a reply or an opt-out."""

    id: int
    account_id: UUID
    #: None of what is not about a campaign or its messages.
    campaign_id: int | None
    type: str
    #: The messages that it is about; None if it is about something else.
    numbers: list[int] | None
    #: Of a campaign, its state and the reason then, or a decision; of a reply or an opt-out, all that is told.
    details: JsonObject
    at: datetime

    @classmethod
    def add_test(cls, account_id: UUID, webhook_id: UUID) -> int:
        """Writes a test for one webhook and returns the id of its delivery."""
        found = rows(
            """WITH made AS (INSERT INTO webhook_event (account_id, type) VALUES (%(account)s, 'webhook.test')
                             RETURNING id)
               INSERT INTO webhook_delivery (account_id, webhook_id, event_id)
               SELECT %(account)s, %(webhook)s, id FROM made RETURNING id""",
            {"account": account_id, "webhook": webhook_id},
        )
        return int(found[0]["id"])

    @classmethod
    def forget_old(cls, *, keep_days: int, limit: int) -> int:
        """Deletes events of so many days ago with their deliveries, the oldest first; returns how many."""
        return changed(
            """DELETE FROM webhook_event WHERE id IN (
                 SELECT id FROM webhook_event WHERE at < now() - make_interval(days => %s) ORDER BY at LIMIT %s)""",
            [keep_days, limit],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCampaign(Row):
    """A campaign of whose messages events are written, and when it is looked at next."""

    campaign_id: int
    account_id: UUID
    look_at: datetime

    @classmethod
    def take(cls) -> "WebhookCampaign | None":
        """Returns the campaign whose turn it is, locked until the caller's transaction ends; None if none is due."""
        return row(
            """SELECT * FROM webhook_campaign WHERE look_at <= now() ORDER BY look_at LIMIT 1
               FOR UPDATE SKIP LOCKED""",
            into=cls,
        )

    def derive(self) -> int:
        """Writes the events of batches that have changed, and their deliveries; returns how many batches it read."""
        params: dict[str, Any] = {
            "campaign": self.campaign_id,
            "account": self.account_id,
            "batches": BATCHES_AT_ONCE,
            "most": MESSAGES_PER_EVENT,
        }
        return int(rows(_DERIVE, params)[0]["batches"])

    def look_again(self, *, now: bool) -> None:
        """Notes when it is looked at next: `now`, behind the others, soon while it is sent, later when it has ended.

        One that has ended long ago, or is gone, is looked at no more.
        """
        if now:
            changed("UPDATE webhook_campaign SET look_at = now() WHERE campaign_id = %s", [self.campaign_id])
            return
        changed(
            f"""WITH forgotten AS (
                   DELETE FROM webhook_campaign w USING campaign c
                   WHERE w.campaign_id = %(id)s AND c.id = w.campaign_id AND c.ended_at < now() - {WATCHED_FOR})
                UPDATE webhook_campaign w
                SET look_at = now() + make_interval(secs => CASE WHEN c.ended_at IS NULL OR c.settled_at IS NULL
                                                                 THEN %(soon)s ELSE %(later)s END)
                FROM campaign c WHERE w.campaign_id = %(id)s AND c.id = w.campaign_id
                  AND (c.ended_at IS NULL OR c.ended_at >= now() - {WATCHED_FOR})""",
            {"id": self.campaign_id, "soon": WATCH_SEC, "later": WATCH_ENDED_SEC},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookBatch(Row):
    """What has been told of the messages of one batch."""

    campaign_id: int
    number: int
    #: How many were in each state of MESSAGE_EVENTS.
    counts: list[int]
    #: A letter of MESSAGE_EVENTS for each message, or a space.
    told: str


@dataclass(frozen=True, slots=True)
class ToldMessage:
    """What a webhook is told of a message."""

    n: int
    phone: str | None
    customer_id: int | None
    #: Which of the campaign's texts it has; None in a campaign with one text.
    variant: int | None
    reason: str | None
    error_code: str | None
    provider_id: str | None
    segments: int
    sent_at: datetime | None


def told_messages(campaign_id: int, numbers: list[int]) -> list[ToldMessage]:
    """Returns these messages of the campaign, in order."""
    return rows(
        """SELECT n, phone, customer_id, variant, reason, error_code, provider_id, segments, sent_at
           FROM unnest(%(numbers)s::int[]) AS wanted (n) CROSS JOIN LATERAL (
               SELECT phone, customer_id, variant, reason, error_code, provider_id, segments, sent_at FROM message
               WHERE campaign_id = %(campaign)s AND message.n = wanted.n OFFSET 0) AS found ORDER BY n""",
        {"campaign": campaign_id, "numbers": numbers},
        into=ToldMessage,
    )
