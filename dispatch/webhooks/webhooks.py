"""Webhooks as people manage them; every change leaves an audit event in its own transaction."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID, uuid4

from pydantic import Field, WithJsonSchema

from config.settings import settings
from dispatch.accounts.accounts import account_with_id
from dispatch.caller import Caller
from dispatch.errors import Duplicate, InvalidRequest, InvalidStatus, NotFound, QuotaExceeded
from dispatch.formats.checks import can_be_id
from dispatch.formats.view import Time, View
from dispatch.providers.sealing import seal
from dispatch.providers.standard_webhooks import new_secret
from dispatch.webhooks.addresses import checked_url
from dispatch.webhooks.sending import SEALED_AS
from models.account import Account
from models.database import db
from models.page import Page
from models.webhooks import delivery as deliveries
from models.webhooks.delivery import STATES
from models.webhooks.event import WebhookEvent
from models.webhooks.webhook import TYPES, Webhook

MOST_OF_AN_ACCOUNT = 10
MOST_REPLAYED = 1000

EventType = Annotated[str, WithJsonSchema({"type": "string", "enum": list(TYPES)})]
State = Annotated[str, WithJsonSchema({"type": "string", "enum": list(STATES)})]


class WebhookView(View):
    """A webhook, never with its secret."""

    id: UUID
    account_id: UUID
    url: str
    events: list[EventType] | None = Field(description="the types that it is told; null: all")
    status: str = Field(description="live, or off after a day without a success, or when it answered 410")
    reason: str | None = Field(description="why it is off")
    failing_since: Time | None = Field(description="null: the last delivery succeeded")
    created_at: Time


class AddedWebhookView(WebhookView):
    """The secret is in this answer and nowhere else; null when the answer is repeated."""

    secret: Annotated[str, WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "null"}]})]


class DeliveryView(View):
    """One event for one webhook, and the last answer to it."""

    id: int
    event_id: int = Field(description="`webhook-id` is evt_ with this")
    type: str
    campaign_id: int | None
    messages: int = Field(description="how many messages it is about; 0: about the campaign")
    state: State
    attempts: int
    at: Time = Field(description="when it happened")
    due_at: Time = Field(description="when it is tried next, while it is pending")
    status_code: int | None
    error: str | None
    answer: str | None = Field(description="how the last answer began")
    ended_at: Time | None


class ReplayView(View):
    """How many deliveries are made again."""

    replayed: int


def add_webhook(caller: Caller, *, url: str, events: Sequence[str] | None = None) -> AddedWebhookView:
    """Adds a webhook to the caller's account and returns it with, this once, the secret that signs its requests.

    InvalidRequest for an address that cannot be called or is private, or a type that there is not; Duplicate when the
    account has it already; QuotaExceeded when it has ten.
    """
    account_id = account_with_id(caller.one_account()).id
    url, chosen = checked_url(url), _checked_events(events)
    secret = new_secret()
    sealed = seal({"secret": secret}, account_id=account_id, kind=SEALED_AS, keys=settings().provider_keys)
    with db.atomic():
        Account.lock(account_id)
        if Webhook.with_url(account_id, url):
            raise Duplicate("The account has a webhook with this address already; remove it first.", field="url")
        made = Webhook.add(uuid4(), account_id, url=url, events=chosen, sealed=sealed, most=MOST_OF_AN_ACCOUNT)
        if made is None:
            raise QuotaExceeded(f"The account has {MOST_OF_AN_ACCOUNT} webhooks; remove one first.", quota="webhooks")
        caller.note("webhook.added", made.id, account_id=account_id, url=url, events=chosen)
    return AddedWebhookView(**dict(WebhookView.model_validate(made)), secret=secret)


def list_webhooks(caller: Caller, *, page: int = 1, page_size: int = 20) -> Page[WebhookView]:
    """Returns one page of the webhooks that the caller sees, newest first."""
    return Webhook.page(caller.account, page=page, page_size=page_size).map(WebhookView.model_validate)


def read_webhook(caller: Caller, webhook_id: UUID) -> WebhookView:
    """Returns the webhook; NotFound when there is none, or it is another account's."""
    return WebhookView.model_validate(_webhook(caller, webhook_id))


def remove_webhook(caller: Caller, webhook_id: UUID) -> None:
    """Deletes a webhook with its deliveries; a request that is on its way may still arrive."""
    with db.atomic():
        gone = Webhook.remove(webhook_id, caller.account)
        if gone is None:
            raise _missing()
        caller.note("webhook.removed", gone.id, account_id=gone.account_id, url=gone.url)


def enable_webhook(caller: Caller, webhook_id: UUID) -> WebhookView:
    """Switches a webhook on again; what waits for it and is not a day old is sent."""
    with db.atomic():
        live = Webhook.switch_on(webhook_id, caller.account)
        if live is None:
            raise _missing()
        caller.note("webhook.enabled", live.id, account_id=live.account_id, url=live.url)
    return WebhookView.model_validate(live)


def send_test_event(caller: Caller, webhook_id: UUID) -> DeliveryView:
    """Writes an event of the type webhook.test for this webhook alone, and returns its delivery.

    A sweeper sends it within a second or two, as it sends everything; `read_delivery` then has the answer.
    InvalidStatus when the webhook is off.
    """
    found = _webhook(caller, webhook_id)
    if found.status == "off":
        raise InvalidStatus(f"The webhook is off: {found.reason}. Switch it on first (`webhook enable`).", status="off")
    with db.atomic():
        delivery_id = WebhookEvent.add_test(found.account_id, found.id)
        caller.note("webhook.tested", found.id, account_id=found.account_id)
    return read_delivery(caller, webhook_id, delivery_id)


def read_delivery(caller: Caller, webhook_id: UUID, delivery_id: int) -> DeliveryView:
    """Returns one delivery; NotFound when the webhook has none with this id."""
    found = deliveries.find(delivery_id, _webhook(caller, webhook_id).id) if can_be_id(delivery_id) else None
    if found is None:
        raise NotFound("The webhook has no delivery with this id.")
    return DeliveryView.model_validate(found)


def list_deliveries(
    caller: Caller, webhook_id: UUID, *, state: str | None = None, page: int = 1, page_size: int = 20
) -> Page[DeliveryView]:
    """Returns one page of a webhook's deliveries with their answers, newest first; of one state if given."""
    if state is not None and state not in STATES:
        raise InvalidRequest(f"state is one of {', '.join(STATES)}.", field="state")
    found = _webhook(caller, webhook_id)
    return deliveries.page_of(found.id, state=state, page=page, page_size=page_size).map(DeliveryView.model_validate)


def replay_deliveries(caller: Caller, webhook_id: UUID, *, delivery_ids: Sequence[int] | None = None) -> ReplayView:
    """Makes deliveries again, for another day: these, or those that failed, at most 1,000 at a time.

    NotFound when one of them is not the webhook's; then none is made.
    """
    found = _webhook(caller, webhook_id)
    wanted = None if delivery_ids is None else _checked_ids(delivery_ids)
    with db.atomic():
        replayed = deliveries.replay(found.id, found.account_id, delivery_ids=wanted, limit=MOST_REPLAYED)
        if wanted is not None and replayed < len(wanted):
            raise NotFound("Some of these deliveries are not the webhook's; nothing was replayed.")
        caller.note("webhook.replayed", found.id, account_id=found.account_id, deliveries=replayed)
    return ReplayView(replayed=replayed)


def _webhook(caller: Caller, webhook_id: UUID) -> Webhook:
    found = Webhook.find(webhook_id, caller.account)
    if found is None:
        raise _missing()
    return found


def _missing() -> NotFound:
    return NotFound("There is no webhook with this id.")


def _checked_events(events: Sequence[str] | None) -> list[str] | None:
    if events is None:
        return None
    if not events:
        raise InvalidRequest("events is empty; name at least one type, or leave it out for all.", field="events")
    if unknown := [each for each in events if each not in TYPES]:
        raise InvalidRequest(f"There is no event {unknown[0][:60]!r}; there are {', '.join(TYPES)}.", field="events")
    return sorted(set(events), key=TYPES.index)


def _checked_ids(delivery_ids: Sequence[int]) -> list[int]:
    ids = sorted(set(delivery_ids))
    if not ids:
        raise InvalidRequest("delivery_ids is empty; leave it out to replay those that failed.", field="delivery_ids")
    if len(ids) > MOST_REPLAYED:
        raise InvalidRequest(f"At most {MOST_REPLAYED} deliveries are replayed at a time.", field="delivery_ids")
    if not all(map(can_be_id, ids)):
        raise NotFound("Some of these deliveries are not the webhook's; nothing was replayed.")
    return ids
