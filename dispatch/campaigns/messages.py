"""What became of a campaign's messages: listed, counted by what went wrong, exported."""

import re
from collections.abc import Iterator, Sequence

from dispatch.accounts.accounts import account_with_id
from dispatch.caller import Caller
from dispatch.campaigns.message_view import MessageDetailView, MessageEventView, MessageView, TroubleView
from dispatch.campaigns.rules import get_campaign
from dispatch.errors import InvalidRequest, NotFound
from dispatch.formats.checks import can_be_id
from dispatch.formats.csv_out import csv_lines
from dispatch.formats.phones import normalise
from models.campaigns.campaign import Campaign
from models.campaigns.family import attempts_before
from models.links.link_click import first_click
from models.messages import reading as message_reading
from models.messages.message import Message
from models.messages.reading import AttemptCount, MessageLine
from models.page import Page
from models.states import MESSAGE_STATES

_REFERENCE = re.compile(r"([0-9]{1,19})-([0-9]{1,10})")
_MAX_N = 2**31 - 1


def list_messages(
    caller: Caller,
    campaign_id: int,
    *,
    states: Sequence[str] = (),
    phone: str | None = None,
    page: int = 1,
    page_size: int = 20,
) -> Page[MessageView]:
    """Returns one page of the campaign's messages; with a phone, only the one to that number."""
    campaign = get_campaign(caller, campaign_id)
    unknown = [state for state in states if state not in MESSAGE_STATES]
    if unknown:
        raise InvalidRequest(f"state must be one or more of {', '.join(MESSAGE_STATES)}.", field="state")
    if not phone:
        listed = message_reading.page(campaign_id, states, page=page, page_size=page_size)
        return listed.map(MessageView.model_validate)
    message = message_reading.to_phone(campaign_id, normalise(phone, account_with_id(campaign.account_id).country))
    fitting = [MessageView.model_validate(message)] if message and (not states or message.state in states) else []
    return Page(fitting if page == 1 else [], len(fitting))


def read_message(caller: Caller, reference: str) -> MessageDetailView:
    """Returns one message by its reference `<campaign>-<n>`, with what happened to it in order."""
    campaign, message = message_of(caller, reference)
    shown = MessageView.model_validate(message)
    return MessageDetailView(**dict(shown), history=_history(campaign, message))


def message_of(caller: Caller, reference: str) -> tuple[Campaign, Message]:
    """Returns a message by its reference `<campaign>-<n>`, with its campaign; NotFound if the caller has none."""
    matched = _REFERENCE.fullmatch(reference)
    if not matched or not can_be_id(int(matched[1])) or int(matched[2]) > _MAX_N:
        raise NotFound("There is no such message.")
    campaign = Campaign.find(int(matched[1]), caller.account)
    message = message_reading.find(int(matched[1]), int(matched[2])) if campaign else None
    if campaign is None or message is None:
        raise NotFound("There is no such message.")
    return campaign, message


def group_troubles(caller: Caller, campaign_id: int) -> list[TroubleView]:
    """Counts undelivered or uncertain messages by cause, largest first."""
    get_campaign(caller, campaign_id)
    return [TroubleView.model_validate(trouble) for trouble in message_reading.troubles(campaign_id)]


def group_attempts(caller: Caller, campaign_id: int) -> list[AttemptCount]:
    """Counts the campaign's messages by state and number of attempts."""
    get_campaign(caller, campaign_id)
    return message_reading.attempts(campaign_id)


def export_messages(caller: Caller, campaign_id: int) -> Iterator[str]:
    """Returns all messages of the campaign as CSV, in pieces; refuses before the first piece."""
    get_campaign(caller, campaign_id)
    return csv_lines(MessageLine._fields, message_reading.lines(campaign_id))


def _history(campaign: Campaign, message: Message) -> list[MessageEventView]:
    """Returns what is known to have happened, in order; times that the row does not keep are None."""
    happened = [MessageEventView(event="enqueued", at=campaign.started_at)]
    if campaign.root_id and message.phone and (before := attempts_before(campaign.id, message.phone)):
        happened.append(MessageEventView(event="attempted_before", at=None, times=before))
    if message.deferrals:
        happened.append(MessageEventView(event="deferred", at=None, times=message.deferrals))
    if message.attempts:
        happened.append(MessageEventView(event="attempted", at=None, times=message.attempts))
    if message.sent_at:
        happened.append(MessageEventView(event="sent", at=message.sent_at))
    if message.state not in ("pending", "sending", "sent"):
        happened.append(MessageEventView(event=message.state, at=None, reason=message.reason))
    if campaign.track_links and (clicked_at := first_click(campaign.id, message.n)):
        happened.append(MessageEventView(event="clicked", at=clicked_at))
    return happened
