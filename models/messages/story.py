"""Reads everything that rows keep of one message, each part by an index and with a limit."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from models.campaigns.campaign import Campaign
from models.database import row, rows
from models.messages.message import Message

# Of each kind; more no one reads.
MOST = 100

_CHANGES = """
SELECT at, actor, action, request_id FROM audit_event
WHERE account_id = %(account)s AND subject = %(subject)s AND action LIKE 'campaign.%%' ORDER BY id LIMIT %(most)s
"""
_BATCH = """
SELECT number, pushed_at, lease_until, %(n)s = ANY (in_flight) AS in_flight FROM batch
WHERE campaign_id = %(campaign)s AND number = %(number)s
"""
_RECEIPTS = """
SELECT r.received_at, r.at, r.state, r.outcome, r.reason, r.error_code, p.name AS provider
FROM receipt r JOIN provider p ON p.id = r.provider_id
WHERE r.campaign_id = %(campaign)s AND r.n = %(n)s ORDER BY r.id LIMIT %(most)s
"""
_REPLIES = """
SELECT r.id, r.received_at, r.keyword, a.state AS answer, a.ended_at AS answered_at
FROM reply r LEFT JOIN reply_answer a ON a.reply_id = r.id
WHERE r.campaign_id = %(campaign)s AND r.n = %(n)s AND r.account_id = %(account)s ORDER BY r.id LIMIT %(most)s
"""
_CLICKS = """
SELECT c.at, c.by_bot, l.target FROM link_click c JOIN campaign_link l USING (campaign_id, number)
WHERE c.campaign_id = %(campaign)s AND c.n = %(n)s ORDER BY c.at LIMIT %(most)s
"""
_SUPPRESSION = """
SELECT created_at, reason, source FROM suppression WHERE account_id = %(account)s AND phone = %(phone)s
"""
# Of a family a number has one message in each campaign, found by the number's index.
_FAMILY = """
SELECT c.id AS campaign_id, c.name, m.n, m.state, m.sent_at, c.started_at FROM campaign c
CROSS JOIN LATERAL (SELECT n, state, sent_at FROM message WHERE campaign_id = c.id AND phone = %(phone)s OFFSET 0) AS m
WHERE (c.id = %(root)s OR c.root_id = %(root)s) AND c.id <> %(campaign)s AND c.account_id = %(account)s
ORDER BY c.id LIMIT %(most)s
"""


class Change(NamedTuple):
    """What someone did to the campaign."""

    at: datetime
    actor: str
    action: str
    request_id: str | None


class Batch(NamedTuple):
    """The message's batch, as it is now."""

    number: int
    pushed_at: datetime | None
    lease_until: datetime | None
    #: Whether the message is in its list of those that a worker is calling.
    in_flight: bool


class Said(NamedTuple):
    """A receipt: when it came, when the provider says it happened, and what came of it."""

    received_at: datetime
    at: datetime | None
    state: str
    outcome: str | None
    reason: str | None
    error_code: str | None
    provider: str


class Answered(NamedTuple):
    """A reply, without its text, and what became of our answer to it."""

    id: int
    received_at: datetime
    keyword: str | None
    answer: str | None
    answered_at: datetime | None


class Opened(NamedTuple):
    """The first time that a link was opened."""

    at: datetime
    by_bot: bool
    target: str


class Stopped(NamedTuple):
    """That the number is suppressed now."""

    created_at: datetime
    reason: str
    source: str


class Relative(NamedTuple):
    """The message to the same number of another campaign of the family."""

    campaign_id: int
    name: str
    n: int
    state: str
    sent_at: datetime | None
    started_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What rows keep of one message."""

    changes: list[Change]
    batch: Batch | None
    receipts: list[Said]
    replies: list[Answered]
    clicks: list[Opened]
    suppression: Stopped | None
    family: list[Relative]


def read_story(campaign: Campaign, message: Message) -> Story:
    """Returns everything that is kept of the message, the oldest of each kind first."""
    params: dict[str, Any] = {
        "account": campaign.account_id,
        "campaign": campaign.id,
        "subject": str(campaign.id),
        "n": message.n,
        "number": message.n // campaign.batch_size,
        "phone": message.phone,
        "root": campaign.root_id or campaign.id,
        "most": MOST,
    }
    batch, stopped = row(_BATCH, params), row(_SUPPRESSION, params)
    return Story(
        changes=[Change(**each) for each in rows(_CHANGES, params)],
        batch=Batch(**batch) if batch else None,
        receipts=[Said(**each) for each in rows(_RECEIPTS, params)],
        replies=[Answered(**each) for each in rows(_REPLIES, params)],
        clicks=[Opened(**each) for each in rows(_CLICKS, params)],
        suppression=Stopped(**stopped) if stopped else None,
        family=[Relative(**each) for each in rows(_FAMILY, params)],
    )
