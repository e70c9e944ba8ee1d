"""What is answered to HELP, STOP and START: booked with the reply, and sent later by `dispatch/sending/answers.py`."""

from collections.abc import Mapping

from dispatch.formats.phones import phone_type
from models.account import Account
from models.customers.phone_types import LEFT_OUT
from models.providers.provider import Provider
from models.providers.reply import Reply
from models.providers.reply_answer import ReplyAnswer
from models.providers.reply_text import ReplyText

# An answer that would come later than this, in seconds, is not sent. To STOP it is one confirmation within five
# minutes, which the FCC takes for part of the opt-out (47 CFR 64.1200(a)(12)). HELP is answered to anyone who asks,
# subscribed or not: https://support.twilio.com/hc/en-us/articles/223182208
KEEP_SEC = {"stop": 300.0, "start": 3600.0, "help": 3600.0}


def usual_help(account_name: str) -> str:
    """Returns what HELP is answered for an account that has set nothing else."""
    return f"You get messages from {account_name}. Reply STOP to get no more, START to get them again."


def answer_to(keyword: str, account_name: str, texts: Mapping[str, str]) -> str:
    """Returns what an account with these texts answers; '' for nothing."""
    usual = usual_help(account_name) if keyword == "help" else ""
    return texts.get(keyword, usual)


def book_answer(provider: Provider, reply: Reply, *, by_provider: bool) -> None:
    """Books the answer to a reply, if its account answers this; in the transaction that stores the reply.

    When the provider has answered itself, or an answer may not be sent, that is noted instead. Answers cost nothing.
    """
    if reply.keyword is None or reply.account_id is None:
        return
    account = Account.find(reply.account_id)
    text = answer_to(reply.keyword, account.name, ReplyText.of(account.id)) if account else ""
    if account is None or not text:
        return
    not_because = None
    if by_provider:
        not_because = "answered_by_provider"
    elif provider.removed_at:
        not_because = "provider_removed"
    elif (kind := phone_type(reply.phone)) in LEFT_OUT and kind not in account.text_to:
        not_because = "not_mobile"
    ReplyAnswer.book(reply, text=text, keep_sec=KEEP_SEC[reply.keyword], not_because=not_because)
