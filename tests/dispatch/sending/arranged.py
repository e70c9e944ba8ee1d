"""Sends campaigns in a test, through the real send path to a scripted provider."""

from typing import Any

from config.settings import settings
from dispatch.campaigns.lifecycle import read_campaign
from dispatch.providers import Answer
from dispatch.sending.delivery import Courier
from dispatch.start.enqueue import enqueue_campaign
from models.database import row, rows
from models.tenancy import ALL_ACCOUNTS
from tests.dispatch.sending.provider import ScriptedProvider
from tests.factories import asking

REJECTED = Answer("rejected", error_code="no_such_number")


def deliver(campaign_id: int, *, reject: list[str] | None = None, lose: list[str] | None = None) -> ScriptedProvider:
    """Sends what the campaign has to send; rejects these phones, gives no answer for those, accepts the others."""
    answers = {phone: [REJECTED] for phone in reject or []} | {phone: [Answer("unknown")] for phone in lose or []}
    provider = ScriptedProvider(answers)
    courier = Courier(provider, settings())
    try:
        courier.deliver(campaign_id, 0)
    finally:
        courier.close()
    return provider


def start_and_deliver(campaign: dict[str, Any], **answers: Any) -> dict[str, Any]:
    """Starts a campaign, sends it, and gives it as shown."""
    enqueue_campaign(asking(ALL_ACCOUNTS, request_id="t"), campaign["id"])
    deliver(campaign["id"], **answers)
    return read_campaign(asking(), campaign["id"])


def phones_of(account: dict[str, Any]) -> list[str]:
    """The phones of the account's customers, oldest first."""
    found = rows("SELECT phone FROM customer WHERE account_id = %s ORDER BY id", [account["id"]])
    return [customer["phone"] for customer in found]


def recipients_of(campaign_id: int) -> list[str]:
    """The phones the campaign has a message for."""
    found = rows("SELECT phone FROM message WHERE campaign_id = %s ORDER BY phone", [campaign_id])
    return [message["phone"] for message in found]


def campaigns() -> list[dict[str, Any]]:
    """Every campaign's number, state, kind and parent."""
    return rows("SELECT id, status, kind, parent_id FROM campaign ORDER BY id")


def undelivered(campaign_id: int, phone: str) -> None:
    """What a receipt will say: the provider accepted the message, and it did not arrive."""
    moved = row(
        """WITH moved AS (UPDATE message SET state = 'undelivered'
             WHERE campaign_id = %s AND phone = %s AND state = 'sent' RETURNING campaign_id)
           UPDATE batch SET sent = sent - 1, undelivered = undelivered + 1 FROM moved
           WHERE batch.campaign_id = moved.campaign_id RETURNING number""",
        [campaign_id, phone],
    )
    assert moved
