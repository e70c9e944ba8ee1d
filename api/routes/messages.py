"""Messages over HTTP: what became of each, why some did not arrive, and all of them as a file."""

from typing import Annotated, Any, get_args

from flask import Response
from pydantic import BaseModel, BeforeValidator, Field

from api.http.auth import caller
from api.http.csv_answer import csv_answer, csv_response
from api.http.inputs import Organization, Page, empty_is_absent, or_empty
from api.http.pages import Paged, paged
from api.http.routes import Routes
from api.routes.campaign_inputs import CampaignPath
from dispatch.campaigns import messages
from dispatch.campaigns.links import LinkView, list_links
from dispatch.campaigns.message_view import MessageDetailView, MessageView, TroubleView
from dispatch.campaigns.results import ResultsView, read_results
from dispatch.formats.view import MessageState
from dispatch.texts.winner_rule import Measure
from dispatch.traces.trace import trace_message
from dispatch.traces.view import Trace

routes = Routes("messages", __name__, url_prefix="/api")


def _split(value: Any) -> list[str]:
    # ?state=failed,unknown and ?state=failed&state=unknown mean the same.
    given = value if isinstance(value, list) else [value]
    return [state for part in given for state in str(part).split(",") if state]


class MessageQuery(Page):
    state: Annotated[list[MessageState], BeforeValidator(_split)] = Field(
        default_factory=list, description="one or several"
    )
    phone: str | None = Field(None, max_length=50, description="the message to this number")


class MessagePath(BaseModel):
    reference: str = Field(description="`<campaign>-<n>`, as listed", max_length=40)


class Messages(Paged[MessageView]):
    """One page of messages, in the order of sending."""


class Troubles(BaseModel):
    """Causes of failure, the most frequent first."""

    data: list[TroubleView]


class CountedLinks(BaseModel):
    """Links in the order of the text."""

    data: list[LinkView]


@routes.get(
    "/campaigns/<campaign_id>/messages",
    summary="List a campaign's messages",
    answers={200: Messages},
    refuses=("CAMPAIGN_NOT_FOUND",),
    scope="read",
)
def index(path: CampaignPath, query: MessageQuery) -> Paged[MessageView]:
    """Every page costs the same, however many messages there are."""
    found = messages.list_messages(
        caller(), path.campaign_id, states=query.state, phone=query.phone, page=query.page, page_size=query.page_size
    )
    return paged(found, query)


@routes.get(
    "/campaigns/<campaign_id>/errors",
    summary="Why messages did not arrive",
    answers={200: Troubles},
    refuses=("CAMPAIGN_NOT_FOUND",),
    scope="read",
)
def errors(path: CampaignPath, query: Organization) -> Troubles:
    """Grouped by state, reason and error code."""
    return Troubles(data=messages.group_troubles(caller(), path.campaign_id))


@routes.get(
    "/campaigns/<campaign_id>/links",
    summary="How many people opened a campaign's links",
    answers={200: CountedLinks},
    refuses=("CAMPAIGN_NOT_FOUND",),
    scope="read",
)
def links(path: CampaignPath, query: Organization) -> CountedLinks:
    """Of a campaign with `track_links`, from its start on; others have none."""
    return CountedLinks(data=list_links(caller(), path.campaign_id))


@routes.get(
    "/campaigns/<campaign_id>/messages.csv",
    summary="Download a campaign's messages",
    answers={200: csv_response("CSV with a header")},
    refuses=("CAMPAIGN_NOT_FOUND", "STREAMS_BUSY"),
    scope="read",
)
def export(path: CampaignPath, query: Organization) -> Response:
    """Cells that a spreadsheet would run as formulas begin with an apostrophe; so do phone numbers."""
    pieces = messages.export_messages(caller(), path.campaign_id)
    return csv_answer(pieces, f"campaign-{path.campaign_id}-messages.csv")


@routes.get(
    "/messages/<reference>",
    summary="Read a message and what happened to it",
    answers={200: MessageDetailView},
    scope="read",
)
def read(path: MessagePath, query: Organization) -> MessageDetailView:
    """The text is the one that was frozen when the campaign started."""
    return messages.read_message(caller(), path.reference)


@routes.get(
    "/messages/<reference>/trace",
    summary="Read the story of a message",
    answers={200: Trace},
    scope="read",
)
def trace(path: MessagePath, query: Organization) -> Trace:
    """Who started its campaign, what the provider was asked and said, replies, clicks and follow-ups, in order."""
    return trace_message(caller(), path.reference)


class ResultsQuery(Organization):
    by: Annotated[Measure | None, BeforeValidator(empty_is_absent), or_empty(get_args(Measure))] = Field(
        None, description="what decides; clicked if the campaign tracks its links, or else delivered"
    )


@routes.get(
    "/campaigns/<campaign_id>/results",
    summary="Compare the variants of a campaign",
    answers={200: ResultsView},
    refuses=("CAMPAIGN_NOT_FOUND", "INVALID_STATUS"),
    scope="read",
)
def results(path: CampaignPath, query: ResultsQuery) -> ResultsView:
    """How many were sent each text and what they did, and a verdict in words, or that it is too early to tell."""
    return read_results(caller(), path.campaign_id, by=query.by)
