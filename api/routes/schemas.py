"""What the API takes and gives, as types: they check what comes in and write the OpenAPI document."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, Strict, WithJsonSchema

from api.http.inputs import Given, Page, PathId, Time, WholeNumber, empty_is_absent, storable
from api.http.pages import Pagination
from models.states import CAMPAIGN_STATES, CHANNELS, MESSAGE_STATES

# Which words these may be is said by the tables alone; what is none of them is refused behind this door.
Channel = Annotated[str, WithJsonSchema({"type": "string", "enum": list(CHANNELS)})]
Status = Annotated[str, WithJsonSchema({"type": "string", "enum": list(CAMPAIGN_STATES)})]
Stats = Annotated[
    dict[str, int],
    WithJsonSchema(
        {
            "type": "object",
            "description": "Messages by state; `total` is their sum.",
            "properties": {name: {"type": "integer"} for name in ("total", *MESSAGE_STATES)},
            "required": ["total", *MESSAGE_STATES],
        }
    ),
]


class CampaignPath(Given):
    campaign_id: PathId


class CampaignQuery(Page):
    channel: Annotated[Channel | None, BeforeValidator(empty_is_absent)] = None
    status: Annotated[Status | None, BeforeValidator(empty_is_absent)] = None
    q: Annotated[str | None, BeforeValidator(storable)] = Field(None, description="part of a name")


class NewCampaign(Given):
    """A campaign to write; with a time it is scheduled, without one a draft. It has at most one audience."""

    name: str = Field(description="1 to 200 characters")
    channel: Channel = "sms"
    base_template: str = Field("", description="up to 2000 characters, with placeholders like {first_name}")
    template_id: WholeNumber | None = Field(None, description="copies a stored template, instead of a text of its own")
    customer_ids: list[WholeNumber] | None = None
    list_id: WholeNumber | None = None
    segment_id: WholeNumber | None = None
    everyone: Annotated[bool, Strict()] = False
    scheduled_at: Time | None = Field(None, description="in the future, with its zone")
    expires_at: Time | None = Field(None, description="nothing is sent after this; 24 hours after the start if unset")


class Schedule(Given):
    scheduled_at: Time = Field(description="in the future, with its zone")


class Credits(BaseModel):
    held: int
    captured: int
    released: int


class Audience(BaseModel):
    kind: Literal["customers", "list", "segment", "everyone", "numbers"]
    customers: int | None = None
    list_id: int | None = None
    segment_id: int | None = None


class Campaign(BaseModel):
    """A campaign as shown."""

    id: int
    account_id: UUID
    parent_id: int | None
    kind: Literal["normal", "retry", "rest", "test"]
    name: str
    channel: Channel
    status: Status
    base_template: str
    template_id: int | None
    template_version: int | None
    audience: Audience | None
    scheduled_at: datetime | None
    expires_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    created_at: datetime
    reason: str | None
    revision: int = Field(description="grows with each change of text, channel or audience; an approval names it")
    approved_by: str | None
    approved_at: datetime | None
    blocked_reason: str | None
    next_check_at: datetime | None
    credits: Credits
    stats: Stats


class Campaigns(BaseModel):
    """One page, newest first."""

    data: list[Campaign]
    pagination: Pagination


class Enqueued(BaseModel):
    """A started campaign; `queued` is its audience's count while it is still `preparing`."""

    queued: int
    enqueuedJobs: int
    campaignId: int
    status: Status
    queue: str
    requestId: str
