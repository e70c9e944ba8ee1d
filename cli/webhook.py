"""`webhook`: where an account is told what becomes of its campaigns and messages."""

from time import monotonic, sleep
from uuid import UUID

import click

from cli.shared.caller import by_hand
from cli.shared.output import answers, show_columns, show_value
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of, tenant_of
from cli.shared.unreadable import some_unreadable
from dispatch.webhooks.resealing import ResealedWebhooksView, reseal_webhooks
from dispatch.webhooks.webhooks import (
    DeliveryView,
    ReplayView,
    WebhookView,
    add_webhook,
    enable_webhook,
    list_deliveries,
    list_webhooks,
    read_delivery,
    read_webhook,
    remove_webhook,
    replay_deliveries,
    send_test_event,
)
from models.page import Page
from models.tenancy import ALL_ACCOUNTS
from models.webhooks.delivery import STATES
from models.webhooks.webhook import TYPES

# A receiver may take 15 seconds, and a sweeper comes every second.
WAIT_SEC = 20.0

_id = click.argument("webhook_id", metavar="ID", type=click.UUID)


@click.group()
def webhook() -> None:
    """Tell an account's own programs what happens: signed requests, tried again for a day."""


@webhook.command()
@account_option(help="Whose campaigns and messages it is told of.")
@click.option("--url", required=True, help="Where the requests go: https://…, no private address.")
@click.option(
    "--event", "events", multiple=True, type=click.Choice(TYPES), help="May be repeated.  [default: all events]"
)
@answers()
@with_database
def add(account: str, url: str, events: tuple[str, ...]) -> dict[str, str]:
    """Add a webhook and print the secret that signs its requests, this once.

    \b
    python -m cli webhook add --account Acme --url https://shop.example.com/hooks
    python -m cli webhook add --account Acme --url https://shop.example.com/hooks --event campaign.completed
    """
    made = add_webhook(by_hand(id_of(account)), url=url, events=events or None)
    return {"id": str(made.id), "secret": made.secret}


@webhook.command()
@answers(failed=some_unreadable)
@with_database
def reseal() -> ResealedWebhooksView:
    """Encrypt all secrets with the first key of PROVIDER_KEY, so that older keys can be dropped from it.

    The status is 1 when no key opens some of them; then keep every key.

    \b
    python -m cli webhook reseal
    """
    return reseal_webhooks(by_hand(ALL_ACCOUNTS))


@webhook.command("list")
@account_option(required=False, help="Only this account's.  [default: all]")
@pages
@answers(show=show_columns("id", "url", "status", "reason", "failing_since"))
@with_database
def list_(account: str | None, page: int, page_size: int) -> Page[WebhookView]:
    """List webhooks, newest first, with why one was switched off.

    \b
    python -m cli webhook list --account Acme
    """
    return list_webhooks(by_hand(tenant_of(account)), page=page, page_size=page_size)


@webhook.command()
@_id
@answers()
@with_database
def show(webhook_id: UUID) -> WebhookView:
    """Show a webhook: what it is told, whether it is live, and why not; never its secret.

    \b
    python -m cli webhook show 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11
    """
    return read_webhook(by_hand(ALL_ACCOUNTS), webhook_id)


def _was_not_delivered(delivery: DeliveryView) -> bool:
    return delivery.state != "delivered"


@webhook.command()
@_id
@answers(show=show_value, failed=_was_not_delivered)
@with_database
def test(webhook_id: UUID) -> DeliveryView:
    """Send an event of the type webhook.test, wait for its answer and print that; status 1 unless it arrived.

    A sweeper sends it, as it sends everything.

    \b
    python -m cli webhook test 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11
    """
    caller = by_hand(ALL_ACCOUNTS)
    found, until = send_test_event(caller, webhook_id), monotonic() + WAIT_SEC
    while found.state == "pending" and not found.error and monotonic() < until:
        sleep(0.2)
        found = read_delivery(caller, webhook_id, found.id)
    return found


@webhook.command()
@_id
@answers()
@with_database
def enable(webhook_id: UUID) -> WebhookView:
    """Switch a webhook on again that was switched off after a day of failures, or because it answered 410.

    If it still answers 410, the next event switches it off again; `webhook test ID` shows what it answers.

    \b
    python -m cli webhook enable 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11
    """
    return enable_webhook(by_hand(ALL_ACCOUNTS), webhook_id)


@webhook.command()
@_id
@answers()
@with_database
def remove(webhook_id: UUID) -> dict[str, UUID | bool]:
    """Remove a webhook with its deliveries.

    \b
    python -m cli webhook remove 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11
    """
    remove_webhook(by_hand(ALL_ACCOUNTS), webhook_id)
    return {"id": webhook_id, "removed": True}


@webhook.command()
@_id
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@pages
@answers(show=show_columns("id", "type", "messages", "state", "attempts", "at", "status_code", "error", "answer"))
@with_database
def deliveries(webhook_id: UUID, state: str | None, page: int, page_size: int) -> Page[DeliveryView]:
    """List a webhook's deliveries with their answers, newest first; they are kept for 30 days.

    \b
    python -m cli webhook deliveries 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11 --state failed
    """
    return list_deliveries(by_hand(ALL_ACCOUNTS), webhook_id, state=state, page=page, page_size=page_size)


@webhook.command()
@_id
@click.argument("delivery_ids", metavar="DELIVERY...", nargs=-1, type=click.IntRange(1))
@answers()
@with_database
def replay(webhook_id: UUID, delivery_ids: tuple[int, ...]) -> ReplayView:
    """Make deliveries again: those that are named, or those that failed, at most 1,000 at a time.

    \b
    python -m cli webhook replay 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11
    python -m cli webhook replay 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11 12 13
    """
    return replay_deliveries(by_hand(ALL_ACCOUNTS), webhook_id, delivery_ids=delivery_ids or None)
