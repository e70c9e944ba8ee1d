"""What people write back: taken from their provider, listed and exported."""

from collections.abc import Iterator, Sequence
from typing import Annotated
from uuid import UUID

import structlog
from pydantic import Field, WithJsonSchema

from dispatch.caller import Caller
from dispatch.formats.csv_out import csv_lines
from dispatch.formats.view import Time, View
from dispatch.providers.inbound import Inbound
from dispatch.receipts.answers import book_answer
from dispatch.receipts.keywords import bare, built_in
from models.database import db
from models.page import Page
from models.providers.provider import Provider
from models.providers.reply import NewReply, Reply, ReplyLine
from models.providers.reply_answer import STATES

log = structlog.get_logger()

AnswerState = Annotated[str, WithJsonSchema({"type": "string", "enum": list(STATES)})]


class ReplyView(View):
    """What a person wrote back, to which campaign as far as that is known, and what became of the answer."""

    id: int
    account_id: UUID | None
    provider_id: int
    phone: str
    text: str
    keyword: str | None
    campaign_id: int | None
    n: int | None
    channel: str | None
    sent_to: str | None = Field(description="our number that they wrote to, as the provider names it")
    received_at: Time
    answer: str | None = Field(description="what it was answered, or would have been; null: nothing")
    answer_state: AnswerState | None
    answer_reason: str | None = Field(description="why it was skipped, has failed or is unknown")
    answer_error_code: str | None
    answered_at: Time | None


def take_replies(provider: Provider, texts: Sequence[Inbound]) -> int:
    """Stores texts of a verified request and returns how many are new; what STOP and START change is committed."""
    new = 0
    for text in texts:
        keyword = text.handled_as or built_in(text.text)
        reply = NewReply(text.key, text.phone, text.text, keyword, bare(text.text), text.channel, text.sent_to)
        with db.atomic():
            taken = Reply.take(provider, reply)
            if taken:
                book_answer(provider, taken, by_provider=text.handled_as is not None)
        if taken:
            new += 1
            log.info("reply.received", provider=provider.label, keyword=taken.keyword, campaign_id=taken.campaign_id)
    return new


def list_replies(
    caller: Caller, *, campaign_id: int | None = None, page: int = 1, page_size: int = 20
) -> Page[ReplyView]:
    """Returns one page of replies, newest first; with a campaign, those to it."""
    found = Reply.page(caller.account, campaign_id=campaign_id, page=page, page_size=page_size)
    return found.map(ReplyView.model_validate)


def export_replies(caller: Caller) -> Iterator[str]:
    """Returns all replies to the account as CSV, in pieces, oldest first."""
    return csv_lines(ReplyLine._fields, Reply.lines(caller.one_account()))
