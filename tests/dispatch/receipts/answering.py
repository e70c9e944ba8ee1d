"""An account whose provider is a server of the test, and people who write to it."""

import json
from typing import Any
from uuid import uuid4

from dispatch.accounts.accounts import AccountView
from dispatch.channels.providers import ProviderView
from dispatch.receipts.hooks import take_callback
from dispatch.receipts.replies import ReplyView, list_replies
from dispatch.receipts.settings import change_reply_settings
from dispatch.sending.answers import send_answers
from models.database import rows
from tests.dispatch.channels.arranging import a_provider
from tests.dispatch.providers.misbehaving import Misbehaving
from tests.dispatch.receipts.saying import SECRET, callback
from tests.factories import asking

PHONE = "+306911111111"
USUAL = "You get messages from Acme. Reply STOP to get no more, START to get them again."


def a_provider_at(url: str, account: AccountView | None, name: str = "main") -> ProviderView:
    """Adds a provider that posts in our format, signed with SECRET, to this address."""
    return a_provider(account, name, "webhook", url, secret=SECRET)


def writes(provider: ProviderView, text: str, *, phone: str = PHONE, **more: Any) -> int:
    """Posts what a person writes, as the provider does, and returns how many replies are new."""
    request = callback(provider, {"id": uuid4().hex, "from": phone, "text": text, **more})
    return take_callback(provider.kind, str(provider.id), request)


def answers_with(account: AccountView, **settings: Any) -> None:
    """Sets words and answers of the account."""
    change_reply_settings(asking(account.id), settings)


def replies(account: AccountView) -> list[ReplyView]:
    """Returns the account's replies, newest first."""
    return list_replies(asking(account.id), page_size=100).rows


def states(account: AccountView) -> list[tuple[str | None, str | None]]:
    """Returns the state of each reply's answer and the reason for it, newest first."""
    return [(each.answer_state, each.answer_reason) for each in replies(account)]


def wait_is_over() -> int:
    """Lets every answer that waits be due, sends those, and returns how many calls were made."""
    rows("UPDATE reply_answer SET due_at = now() WHERE state = 'waiting'")
    return send_answers()


def posted(server: Misbehaving) -> list[dict[str, Any]]:
    """Returns the document of each message that was posted to the server, in order."""
    return [json.loads(body) for _, body in server.seen]
