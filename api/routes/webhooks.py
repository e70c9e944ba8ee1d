"""Webhooks over HTTP: where an account is told what becomes of its campaigns and messages."""

from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, Field

from api.http.auth import caller
from api.http.inputs import Given, Organization, Page, WholeNumber, empty_is_absent, or_empty
from api.http.pages import Paged, paged
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION, OneTransaction
from dispatch.webhooks import webhooks
from dispatch.webhooks.webhooks import AddedWebhookView, DeliveryView, EventType, ReplayView, WebhookView
from models.webhooks.delivery import STATES

routes = Routes("webhooks", __name__, url_prefix="/api/webhooks")


class WebhookPath(Given):
    webhook_id: UUID


class NewWebhook(Given):
    """An address of the account's own; it gets signed POST requests (docs/webhooks.md)."""

    url: str = Field(description="https://…, or http://…; no private address")
    events: list[EventType] | None = Field(None, description="the types that it is told; null: all")


class ToReplay(Given):
    """Which deliveries are made again."""

    delivery_ids: list[WholeNumber] | None = Field(None, description="null: those that failed")


class Webhooks(Paged[WebhookView]):
    """One page, newest first."""


class Deliveries(Paged[DeliveryView]):
    """One page, newest first."""


class DeliveryQuery(Page):
    state: Annotated[str | None, BeforeValidator(empty_is_absent), or_empty(STATES)] = None


@routes.post(
    "",
    summary="Add a webhook",
    answers={201: AddedWebhookView},
    refuses=("DUPLICATE", "PROVIDER_NOT_CONFIGURED", "QUOTA_EXCEEDED"),
    body=True,
    scope="admin",
    idempotency=OneTransaction(secret="secret"),
)
def add(query: Organization, body: NewWebhook) -> tuple[AddedWebhookView, int]:
    """The secret is shown once. It is told of what happens from now on, and of messages of later campaigns."""
    return webhooks.add_webhook(caller(), url=body.url, events=body.events), 201


@routes.get("", summary="List webhooks, newest first", answers={200: Webhooks}, scope="read")
def index(query: Page) -> Paged[WebhookView]:
    """Each with whether it is live or was switched off, and why."""
    return paged(webhooks.list_webhooks(caller(), page=query.page, page_size=query.page_size), query)


@routes.get(
    "/<webhook_id>",
    summary="Read a webhook",
    answers={200: WebhookView},
    refuses=("RESOURCE_NOT_FOUND",),
    scope="read",
)
def read(path: WebhookPath) -> WebhookView:
    """Whether it is live, since when it has been failing, or why it is off; never its secret."""
    return webhooks.read_webhook(caller(), path.webhook_id)


@routes.delete(
    "/<webhook_id>", summary="Remove a webhook", answers={204: None}, refuses=("RESOURCE_NOT_FOUND",), scope="admin"
)
def remove(path: WebhookPath) -> tuple[str, int]:
    """Its deliveries are deleted with it; a request that is on its way may still arrive."""
    webhooks.remove_webhook(caller(), path.webhook_id)
    return "", 204


@routes.post(
    "/<webhook_id>/test",
    summary="Send a test event",
    answers={202: DeliveryView},
    refuses=("INVALID_STATUS", "RESOURCE_NOT_FOUND"),
    scope="admin",
    idempotency=ONE_TRANSACTION,
)
def test(path: WebhookPath) -> tuple[DeliveryView, int]:
    """An event of the type webhook.test is sent within seconds; its delivery is listed with the answer."""
    return webhooks.send_test_event(caller(), path.webhook_id), 202


@routes.post(
    "/<webhook_id>/enable",
    summary="Switch a webhook on again",
    answers={200: WebhookView},
    refuses=("RESOURCE_NOT_FOUND",),
    scope="admin",
    idempotency=ONE_TRANSACTION,
)
def enable(path: WebhookPath) -> WebhookView:
    """What waits for it and is not a day old is sent; `replay` sends what has failed."""
    return webhooks.enable_webhook(caller(), path.webhook_id)


@routes.get(
    "/<webhook_id>/deliveries",
    summary="List a webhook's deliveries, newest first",
    answers={200: Deliveries},
    refuses=("RESOURCE_NOT_FOUND",),
    scope="read",
)
def deliveries(path: WebhookPath, query: DeliveryQuery) -> Paged[DeliveryView]:
    """Each with its tries and the last answer; they are kept for 30 days."""
    found = webhooks.list_deliveries(
        caller(), path.webhook_id, state=query.state, page=query.page, page_size=query.page_size
    )
    return paged(found, query)


@routes.post(
    "/<webhook_id>/replay",
    summary="Make deliveries again",
    answers={200: ReplayView},
    refuses=("RESOURCE_NOT_FOUND",),
    body=True,
    scope="admin",
    idempotency=ONE_TRANSACTION,
)
def replay(path: WebhookPath, body: ToReplay) -> ReplayView:
    """These, or those that failed, at most 1,000 at a time; each has the same `webhook-id` as before."""
    return webhooks.replay_deliveries(caller(), path.webhook_id, delivery_ids=body.delivery_ids)
