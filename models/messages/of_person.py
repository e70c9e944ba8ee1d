"""Reads what an account sent to one number: a message of each campaign, found by the campaign's index of phones."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models.database import rows
from models.messages.parameters import TEXT

# As many of the account's newest campaigns are looked through: an index entry each.
CAMPAIGNS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonMessage:
    """A message, with the campaign that it is of."""

    campaign_id: int
    campaign: str
    channel: str
    n: int
    text: str
    state: str
    reason: str | None
    #: When its provider took it, or else when its campaign started.
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReply:
    """What the person wrote; `n` is the message that they answered, if it is known."""

    text: str
    keyword: str | None
    campaign_id: int | None
    n: int | None
    received_at: datetime


def messages_to(account_id: UUID, phone: str, *, limit: int) -> list[PersonMessage]:
    """Returns the newest messages to the number, those of later campaigns first."""
    return rows(
        f"""SELECT c.id AS campaign_id, c.name AS campaign, c.channel, m.n, m.text, m.state, m.reason,
                   coalesce(m.sent_at, c.started_at) AS at
            FROM (SELECT id, name, channel, started_at FROM campaign
                  WHERE account_id = %(account)s AND started_at IS NOT NULL ORDER BY id DESC LIMIT %(campaigns)s) AS c
            CROSS JOIN LATERAL (SELECT n, state, reason, sent_at, {TEXT} AS text FROM message
                                WHERE campaign_id = c.id AND phone = %(phone)s OFFSET 0) AS m
            ORDER BY c.id DESC LIMIT %(limit)s""",
        {"account": account_id, "phone": phone, "campaigns": CAMPAIGNS, "limit": limit},
        into=PersonMessage,
    )


def replies_of(account_id: UUID, phone: str, *, limit: int) -> list[PersonReply]:
    """Returns what came from the number last, newest first."""
    return rows(
        """SELECT text, keyword, campaign_id, n, received_at FROM reply
           WHERE account_id = %s AND phone = %s ORDER BY id DESC LIMIT %s""",
        [account_id, phone, limit],
        into=PersonReply,
    )
