"""Takes what providers post to us: verified, stored once and answered; `applying` does the rest."""

import re
from collections.abc import Sequence

import structlog

from dispatch.errors import InvalidRequest
from dispatch.providers import Callback
from dispatch.providers import Receipt as Said
from dispatch.providers.inbound import Inbound, inbound_of, speaks_our_format
from dispatch.providers.whatsapp_cloud import WhatsappCloud
from dispatch.receipts.callers import calling, refused, verified
from dispatch.receipts.gathering import Gathering
from dispatch.receipts.reasons import reason_of
from dispatch.receipts.replies import take_replies
from models.database import connected
from models.providers.provider import Provider
from models.providers.receipt import NewReceipt, Receipt
from models.providers.reply_answer import ReplyAnswer, Reported

log = structlog.get_logger()

_MOST_TOLD = 5

_REFERENCE = re.compile(r"([1-9][0-9]{0,17})-(0|[1-9][0-9]{0,8})", re.ASCII)

_ANSWER = re.compile(r"reply([1-9][0-9]{0,17})", re.ASCII)


def _stored(shares: Sequence[tuple[int, Sequence[NewReceipt]]]) -> Sequence[int]:
    # Of several requests only the one that stores for all has a connection.
    with connected():
        return Receipt.add_all(shares)


# Those of several requests at a time: a provider posts each by itself.
_receipts = Gathering(_stored)


def take_callback(kind: str, provider_id: str, callback: Callback) -> int:
    """Stores what a request of this provider says, receipts and replies, and returns how many of them are new.

    It needs no connection of its caller's: it takes one while it needs it, which for most receipts another request has.
    A STOP is committed when it returns. NotFound when there is no such provider; Forbidden when it did not make the
    request, which is counted. Meta has one address for both, so each address takes both. InvalidRequest when something
    in our own format cannot be read, with what is wrong; the rest of the request is stored then too.
    """
    by = verified(kind, provider_id, callback)
    provider, said = by.provider, by.kind.parse_receipts(callback)
    written = inbound_of(provider.kind, callback)
    replies = _replies_stored(provider, written.texts)
    of_answers = [found for each in said if (found := _of_an_answer(provider.kind, each))]
    of_messages = [stored(provider.kind, each) for each in said if not _of_an_answer(provider.kind, each)]
    moved = _answers_reported(provider, of_answers)
    new = _receipts.store((provider.id, of_messages)) if of_messages else 0
    if new < len(of_messages):
        log.info("receipt.repeated", provider=provider.label, receipts=len(of_messages) - new)
    if written.problems:
        _tell(provider, written.problems)
    return new + moved + replies


def _tell(provider: Provider, problems: Sequence[str]) -> None:
    """Says what could not be read: in the log, and where the sender can mend it, to the sender."""
    log.warning("callback.unreadable", provider=provider.label, problems=len(problems), first=problems[0])
    if speaks_our_format(provider.kind):
        told = "; ".join(problems[:_MOST_TOLD])
        raise InvalidRequest(f"This cannot be read: {told}. What could be read is stored.", problems=len(problems))


def answer_challenge(kind: str, provider_id: str, callback: Callback) -> str:
    """Returns what Meta wants to read when it tries out an address; Forbidden without the provider's verify token."""
    by = calling(kind, provider_id)
    answer = by.kind.challenge(callback) if isinstance(by.kind, WhatsappCloud) else None
    if answer is None:
        raise refused(by.provider, "This request does not name the provider's verify_token; set both to the same.")
    return answer


def _replies_stored(provider: Provider, texts: Sequence[Inbound]) -> int:
    if not texts:
        return 0
    with connected():
        return take_replies(provider, texts)


def _answers_reported(provider: Provider, reported: Sequence[Reported]) -> int:
    if not reported:
        return 0
    with connected():
        return ReplyAnswer.report(provider.id, reported)


def _of_an_answer(kind: str, said: Said) -> Reported | None:
    """Returns what a receipt says of an answer to a reply; None when it is about a message of a campaign."""
    named = _ANSWER.fullmatch(said.reference or "")
    if named is None:
        return None
    failed = said.state == "undelivered"
    reason, code = (reason_of(kind, said.error_code), said.error_code) if failed else (None, None)
    return Reported(int(named[1]), said.state, reason, code, said.provider_id)


def stored(kind: str, said: Said) -> NewReceipt:
    """Returns what a provider of this kind said as it is stored, with the reason in words."""
    failed = said.state == "undelivered"
    named = _REFERENCE.fullmatch(said.reference or "")
    return NewReceipt(
        key=said.key[:200],
        state=said.state,
        campaign_id=int(named[1]) if named else None,
        n=int(named[2]) if named else None,
        message_id=said.provider_id,
        reason=reason_of(kind, said.error_code) if failed else None,
        error_code=said.error_code if failed else None,
        at=said.at,
    )
