"""Messages over HTTP: what became of each, why some did not arrive, all of it as a file."""

from datetime import datetime
from typing import Annotated, Any, Literal

from flask import Response
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from api.http.auth import caller
from api.http.csv_answer import csv_answer, csv_response
from api.http.inputs import Organization, Page
from api.http.pages import Pagination, page_of
from api.http.routes import Routes
from api.routes.schemas import CampaignPath
from dispatch.campaigns import messages
from models.states import MESSAGE_STATES

routes = Routes("messages", __name__, url_prefix="/api")

State = Annotated[str, WithJsonSchema({"type": "string", "enum": list(MESSAGE_STATES)})]


def _split(value: Any) -> list[str]:
    # ?state=failed,unknown and ?state=failed&state=unknown mean the same.
    given = value if isinstance(value, list) else [value]
    return [state for part in given for state in str(part).split(",") if state]


class MessageQuery(Page):
    state: Annotated[list[State], BeforeValidator(_split)] = Field(default_factory=list, description="one or several")
    phone: str | None = Field(None, max_length=50, description="the message to this number")


class MessagePath(BaseModel):
    reference: str = Field(description="`<campaign>-<n>`, as listed", max_length=40)


class Message(BaseModel):
    """One recipient's message as shown."""

    id: str
    campaign_id: int
    customer_id: int | None
    phone: str | None
    state: State
    reason: str | None
    error_code: str | None
    attempts: int
    deferrals: int
    segments: int
    encoding: str | None
    provider: str | None
    provider_id: str | None
    not_before: datetime | None
    sent_at: datetime | None


class Event(BaseModel):
    event: str
    at: datetime | None = Field(description="null where only the count is kept")
    times: int | None = None
    reason: str | None = None


class MessageWithHistory(Message):
    """One message, its text, and what happened to it."""

    text: str
    history: list[Event]


class Messages(BaseModel):
    """One page, in the order they are sent."""

    data: list[Message]
    pagination: Pagination


class Trouble(BaseModel):
    """Messages that did not arrive, or may not have, for one reason."""

    state: Literal["failed", "undelivered", "unknown", "unconfirmed", "skipped"]
    reason: str | None
    error_code: str | None
    messages: int


class Troubles(BaseModel):
    """Most first."""

    data: list[Trouble]


@routes.get(
    "/campaigns/<campaign_id>/messages",
    summary="List a campaign's messages",
    answers={200: Messages},
    refuses=("CAMPAIGN_NOT_FOUND",),
    scope="read",
)
def index(path: CampaignPath, query: MessageQuery) -> dict[str, Any]:
    """Every page costs the same, however many messages there are."""
    found = messages.list_messages(
        caller(), path.campaign_id, states=query.state, phone=query.phone, page=query.page, page_size=query.page_size
    )
    return page_of(found, query)


@routes.get(
    "/campaigns/<campaign_id>/errors",
    summary="Why messages did not arrive",
    answers={200: Troubles},
    refuses=("CAMPAIGN_NOT_FOUND",),
    scope="read",
)
def errors(path: CampaignPath, query: Organization) -> dict[str, Any]:
    """Grouped by state, reason and error code."""
    return {"data": messages.group_troubles(caller(), path.campaign_id)}


@routes.get(
    "/campaigns/<campaign_id>/messages.csv",
    summary="Download a campaign's messages",
    answers={200: csv_response("CSV with a header")},
    refuses=("CAMPAIGN_NOT_FOUND",),
    scope="read",
)
def export(path: CampaignPath, query: Organization) -> Response:
    """Cells that a spreadsheet would run as formulas begin with an apostrophe; so do phone numbers."""
    pieces = messages.export_messages(caller(), path.campaign_id)
    return csv_answer(pieces, f"campaign-{path.campaign_id}-messages.csv")


@routes.get(
    "/messages/<reference>",
    summary="Read a message and what happened to it",
    answers={200: MessageWithHistory},
    scope="read",
)
def read(path: MessagePath, query: Organization) -> dict[str, Any]:
    """Its text is the one that was frozen when the campaign started."""
    return messages.read_message(caller(), path.reference)
