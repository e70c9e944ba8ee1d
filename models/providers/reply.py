"""Replies: what people write back. One that says STOP suppresses its number in the same transaction."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from models.customers.suppression import BY_REPLY, Suppression
from models.database import changed, db, row, rows
from models.export import export_lines
from models.page import Page, read_page
from models.providers.provider import Provider
from models.providers.refused_callback import ACCEPTED
from models.providers.reply_word import ReplyWord
from models.row import Row
from models.tenancy import Tenant, owned_by
from models.webhooks.telling import told
from models.webhooks.webhook import REPLY_RECEIVED

# Messages of earlier campaigns are not what a person replies to.
_LOOKS_BACK = "interval '90 days'"

# The messages that reached the number, or may have: the last of each account, the last of all first. One that is in
# flight is among them, although it does not name its provider yet: a reply may come before the answer is recorded.
_SENT_TO = f"""
SELECT * FROM (
    SELECT DISTINCT ON (c.account_id) c.account_id, c.channel, m.campaign_id, m.n, m.at
    FROM campaign c CROSS JOIN LATERAL (
        SELECT campaign_id, n, coalesce(sent_at, lease_until, now()) AS at FROM message s
        WHERE campaign_id = c.id AND phone = %(phone)s
          AND (state IN ('sent', 'delivered', 'read', 'undelivered', 'unknown', 'unconfirmed')
               AND (%(account)s::uuid IS NOT NULL OR provider = %(label)s)
               OR state = 'sending'
               OR state = 'pending' AND EXISTS (
                   SELECT FROM batch b WHERE b.campaign_id = c.id AND b.number = s.n / c.batch_size
                     AND s.n = ANY (b.in_flight))) OFFSET 0) AS m
    WHERE c.started_at > now() - {_LOOKS_BACK} AND (%(account)s::uuid IS NULL OR c.account_id = %(account)s)
    ORDER BY c.account_id, m.at DESC NULLS LAST) AS last
ORDER BY at DESC NULLS LAST
"""
_NO_MESSAGE = {"campaign_id": None, "n": None, "channel": "sms"}
_WITH_ANSWER = "LEFT JOIN reply_answer a ON a.reply_id = r.id"
_ANSWER = """a.text AS answer, a.state AS answer_state, a.reason AS answer_reason, a.error_code AS answer_error_code,
             a.ended_at AS answered_at"""

_TOLD = """jsonb_build_object('reply_id', id, 'phone', phone, 'text', text, 'keyword', keyword, 'channel', channel,
                              'sent_to', sent_to, 'campaign_id', campaign_id, 'message_id', campaign_id || '-' || n,
                              'variant', (SELECT variant FROM message m
                                          WHERE m.campaign_id = made.campaign_id AND m.n = made.n))"""


class NewReply(NamedTuple):
    """A reply as it is stored; `key` is the same whenever the provider sends it again."""

    key: str
    phone: str
    text: str
    #: stop, start or help, when it is that for every account.
    keyword: str | None
    #: What the words of accounts are compared with.
    folded: str
    #: None: that of the last message.
    channel: str | None
    #: Our number that they wrote to, as the provider names it.
    sent_to: str | None


class ReplyLine(NamedTuple):
    """A reply as a line of a file; the fields are the header of the file."""

    phone: str
    text: str
    keyword: str | None
    campaign_id: int | None
    received_at: datetime
    answer: str | None
    answer_state: str | None
    answer_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Row):
    """What a person wrote to one of our numbers."""

    id: int
    account_id: UUID | None
    provider_id: int
    key: str
    phone: str
    text: str
    keyword: str | None
    campaign_id: int | None
    n: int | None
    received_at: datetime
    #: None of those that a release stored which did not answer.
    channel: str | None
    #: Our number that they wrote to, as the provider names it; None where it does not say.
    sent_to: str | None

    @classmethod
    def take(cls, provider: Provider, new: NewReply) -> Self | None:
        """Stores the reply and does what it asks for, in one transaction; None when it is known already.

        STOP to an operator's provider counts for every account that has messaged the number through it; a word that
        an account has given a meaning counts for that account.
        """
        asked = {"phone": new.phone, "account": provider.account_id, "label": provider.label}
        sent_to = rows(_SENT_TO, asked)
        last = sent_to[0] if sent_to else _NO_MESSAGE | {"account_id": provider.account_id}
        with db.atomic():
            accounts = [provider.account_id] if provider.account_id else sorted(each["account_id"] for each in sent_to)
            own = ReplyWord.meanings(new.folded, accounts) if new.folded and not new.keyword else {}
            meant = {account_id: new.keyword or own.get(account_id) for account_id in accounts}
            keyword = meant.get(last["account_id"], new.keyword)
            made = row(
                f"""WITH {ACCEPTED},
                    made AS (
                        INSERT INTO reply (account_id, provider_id, key, phone, text, keyword, campaign_id, n, channel,
                                           sent_to)
                        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (provider_id, key) DO NOTHING
                        RETURNING *),
                    {told("made", REPLY_RECEIVED, _TOLD)}
                    SELECT * FROM made""",
                [
                    *([provider.id], last["account_id"], provider.id, new.key, new.phone, new.text, keyword),
                    *(last["campaign_id"], last["n"], new.channel or last["channel"], new.sent_to),
                ],
                into=cls,
            )
            if made is None:
                return None
            for account_id, meaning in meant.items():
                if meaning == "stop":
                    Suppression.add(account_id, new.phone, source=BY_REPLY)
                elif meaning == "start":
                    Suppression.lift_opt_out(account_id, new.phone, by_person=BY_REPLY)
        return made

    @classmethod
    def forget_old(cls, *, keep_days: int, limit: int) -> int:
        """Deletes replies of so many days ago with their answers, the oldest first; returns how many.

        One whose answer is not sent yet, or being sent, stays until that has ended.
        """
        return changed(
            """WITH old AS (
                   SELECT id FROM reply WHERE received_at < now() - make_interval(days => %(days)s)
                     AND NOT EXISTS (SELECT FROM reply_answer a WHERE a.reply_id = reply.id AND a.ended_at IS NULL)
                   ORDER BY received_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
               DELETE FROM reply USING old WHERE reply.id = old.id""",
            {"days": keep_days, "limit": limit},
        )

    @classmethod
    def page(cls, tenant: Tenant, *, page: int, page_size: int, campaign_id: int | None = None) -> "Page[ListedReply]":
        """Returns one page of the tenant's replies with their answers, newest first; perhaps those to one campaign."""
        to_campaign = "true" if campaign_id is None else "campaign_id = %(campaign)s"
        return read_page(
            f"""SELECT r.id, r.account_id, r.provider_id, r.phone, r.text, r.keyword, campaign_id, n, channel, sent_to,
                       received_at, {_ANSWER} FROM reply r {_WITH_ANSWER}
                WHERE {owned_by(tenant, "r.account_id")} AND {to_campaign}""",
            {"account": tenant, "campaign": campaign_id},
            order="id DESC",
            page=page,
            page_size=page_size,
            into=ListedReply,
        )

    @classmethod
    def lines(cls, account_id: UUID) -> Iterator[ReplyLine]:
        """Yields every reply to the account with its answer, oldest first."""
        listed = f"(SELECT r.*, {_ANSWER} FROM reply r {_WITH_ANSWER}) AS listed"
        return export_lines(listed, account_id, into=ReplyLine)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedReply:
    """A reply as people see it, with its answer if one was booked."""

    id: int
    account_id: UUID | None
    provider_id: int
    phone: str
    text: str
    keyword: str | None
    campaign_id: int | None
    n: int | None
    channel: str | None
    sent_to: str | None
    received_at: datetime
    answer: str | None
    answer_state: str | None
    answer_reason: str | None
    answer_error_code: str | None
    answered_at: datetime | None
