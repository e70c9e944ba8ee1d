"""Adds webhooks, and does what a sweeper does for them."""

from typing import Any

from dispatch.accounts.accounts import AccountView
from dispatch.webhooks.events import derive_events
from dispatch.webhooks.sending import send_due
from dispatch.webhooks.webhooks import AddedWebhookView, add_webhook
from models.database import rows
from tests.doubles.receiver import Receiver
from tests.factories import asking

# A person who opens a link.
BROWSER = {"User-Agent": "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0 Mobile"}


def a_webhook(account: AccountView, receiver: Receiver, **options: Any) -> AddedWebhookView:
    """Adds a webhook to the account, whose secret the receiver then knows."""
    made = add_webhook(asking(account.id), url=f"{receiver.url}/hooks", **options)
    receiver.secret = made.secret
    return made


def tell() -> int:
    """Writes the events that there are and sends what is due; returns how many requests were made."""
    rows("UPDATE webhook_campaign SET look_at = now()")
    derive_events()
    return send_due()


def wait_is_over() -> None:
    """Lets every delivery that waits for its next try be due."""
    rows("UPDATE webhook_delivery SET due_at = now() WHERE state = 'pending'")


def hours_pass(hours: float) -> None:
    """Moves everything about webhooks this far into the past."""
    span = [hours]
    rows("UPDATE webhook SET failing_since = failing_since - make_interval(secs => %s * 3600)", span)
    rows("UPDATE webhook_delivery SET asked_at = asked_at - make_interval(secs => %s * 3600), due_at = now()", span)


def deliveries() -> list[dict[str, Any]]:
    """Returns every delivery, oldest first."""
    return rows("SELECT * FROM webhook_delivery ORDER BY id")
