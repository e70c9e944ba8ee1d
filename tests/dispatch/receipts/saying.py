"""Campaigns that a provider with a row has sent, and what it says of their messages."""

import json
import time
from typing import Any
from uuid import uuid4

from dispatch.accounts.accounts import AccountView
from dispatch.channels.providers import ProviderView
from dispatch.providers import Answer, Callback
from dispatch.providers.standard_webhooks import key_of, signed_headers
from dispatch.receipts.applying import apply_receipts
from dispatch.receipts.hooks import take_callback
from dispatch.start.enqueue import enqueue_campaign
from models.database import rows
from tests.dispatch.channels.arranging import a_provider
from tests.factories import a_campaign, asking
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver

SECRET = "whsec_" + "QUJD" * 10
HOOKS = "https://campaigns.example.com/hooks"


def a_webhook_provider(account: AccountView | None, name: str = "main") -> ProviderView:
    """Adds a provider that posts receipts in our format, signed with SECRET."""
    return a_provider(account, name, "webhook", url="https://sms.example.com", secret=SECRET)


def sends_as(provider: ProviderView, script: dict[str, list[Answer]] | None = None) -> ScriptedProvider:
    """Returns a provider that answers as scripted, under the name of this row."""
    made = ScriptedProvider(script or {})
    made.name = f"{provider.kind}:{provider.id}"
    return made


def sent(account: AccountView, provider: ProviderView, *, recipients: int = 1, **script: list[Answer]) -> int:
    """Sends a campaign through the provider and returns its id; `script` is by the place of the recipient: _0=[…]."""
    campaign = a_campaign(account, recipients=recipients)
    enqueue_campaign(asking(), campaign.id)
    phones = rows("SELECT n, phone FROM message WHERE campaign_id = %s", [campaign.id])
    answers = {each["phone"]: script[f"_{each['n']}"] for each in phones if f"_{each['n']}" in script}
    deliver(sends_as(provider, answers), campaign.id)
    return campaign.id


def callback(
    provider: ProviderView, *said: dict[str, Any], secret: str = SECRET, body: bytes | None = None
) -> Callback:
    """Returns a request of the provider with these receipts, or this body."""
    body = json.dumps(list(said)).encode() if body is None else body
    headers = signed_headers(key_of(secret), message_id=uuid4().hex, timestamp=int(time.time()), body=body)
    return Callback(f"{HOOKS}/{provider.kind}/{provider.id}/status", headers, body)


def said(reference: str, state: str, *, key: str | None = None, code: str | None = None) -> dict[str, Any]:
    """Returns one receipt in our format."""
    return {"id": key or f"{reference}:{state}", "reference": reference, "state": state, "error_code": code}


def say(provider: ProviderView, *receipts: dict[str, Any]) -> int:
    """Posts receipts as the provider does, and returns how many are new."""
    return take_callback(provider.kind, str(provider.id), callback(provider, *receipts))


def look_again() -> dict[str, int]:
    """Applies what is due and what waits."""
    rows("UPDATE receipt SET due_at = now() WHERE due_at IS NOT NULL")
    return apply_receipts()
