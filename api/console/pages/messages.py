"""The messages of a campaign, and the story of each."""

from flask import Response

from api.console.asked import asked_for
from api.console.blueprint import console
from api.console.inputs import id_of
from api.console.rendering import page
from api.http.auth import caller
from api.routes.messages import MessageQuery
from dispatch.campaigns.messages import list_messages, read_message
from dispatch.campaigns.reading import read_campaign
from dispatch.errors import InvalidRequest
from dispatch.traces.trace import trace_message
from models.page import Page
from models.states import MESSAGE_STATES


@console.page("/campaigns/<campaign_id>/messages")
def campaign_messages(campaign_id: str) -> Response:
    """What each recipient gets, in the order of sending: in one state, or to one number."""
    shown, asked = read_campaign(caller(), id_of(campaign_id)), asked_for(MessageQuery)
    refused: InvalidRequest | None = None
    try:
        found = list_messages(
            caller(), shown.id, states=asked.state, phone=asked.phone, page=asked.page, page_size=asked.page_size
        )
    except InvalidRequest as refusal:
        refused, found = refusal, Page([], 0)
    filters = {"state": ",".join(asked.state), "phone": asked.phone or ""}
    return page(
        "messages.html",
        refused=refused,
        title=f"Messages of {shown.name}",
        shown=shown,
        found=found,
        asked=asked,
        states=MESSAGE_STATES,
        filters={name: value for name, value in filters.items() if value},
    )


@console.page("/messages/<reference>")
def message(reference: str) -> Response:
    """One message, and what happened to it, in order."""
    shown = read_message(caller(), reference)
    told = trace_message(caller(), reference)
    campaign = read_campaign(caller(), shown.campaign_id)
    return page("message.html", title=f"Message {shown.id}", shown=shown, told=told, campaign=campaign)
