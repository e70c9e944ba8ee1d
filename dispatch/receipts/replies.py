"""What people write back: taken from their provider, listed and exported."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import structlog

from dispatch.caller import Caller
from dispatch.formats.csv_out import csv_lines
from dispatch.formats.view import Time, View
from dispatch.providers.inbound import Inbound
from dispatch.receipts.keywords import bare, built_in
from models.page import Page
from models.providers.provider import Provider
from models.providers.reply import NewReply, Reply, ReplyLine

log = structlog.get_logger()


class ReplyView(View):
    """What a person wrote back, and to which campaign as far as that is known: the last one sent to the number."""

    id: int
    account_id: UUID | None
    provider_id: int
    phone: str
    text: str
    keyword: str | None
    campaign_id: int | None
    n: int | None
    received_at: Time


def take_replies(provider: Provider, texts: Sequence[Inbound]) -> int:
    """Stores texts of a verified request and returns how many are new; what STOP and START change is committed."""
    new = 0
    for text in texts:
        keyword = text.handled_as or built_in(text.text)
        if taken := Reply.take(provider, NewReply(text.key, text.phone, text.text, keyword, bare(text.text))):
            new += 1
            log.info("reply.received", provider=provider.label, keyword=taken.keyword, campaign_id=taken.campaign_id)
    return new


def list_replies(caller: Caller, *, page: int = 1, page_size: int = 20) -> Page[ReplyView]:
    """Returns one page of replies, newest first."""
    return Reply.page(caller.account, page=page, page_size=page_size).map(ReplyView.model_validate)


def export_replies(caller: Caller) -> Iterator[str]:
    """Returns all replies to the account as CSV, in pieces, oldest first."""
    return csv_lines(ReplyLine._fields, Reply.lines(caller.one_account()))
