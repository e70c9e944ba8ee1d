"""What the API takes and gives, as types: they check what comes in and write the OpenAPI document."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

from models.states import CAMPAIGN_STATES, CHANNELS, MESSAGE_STATES

MAX_PAGE = 1_000_000_000
MAX_PAGE_SIZE = 100
PAGE_SIZE = 20
MAX_SEARCH = 200
MAX_ID = 2**63 - 1

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,40}")
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ].*", re.DOTALL)


def _id_in_path(value: Any) -> int:
    if _WHOLE_NUMBER.fullmatch(str(value)) and -MAX_ID <= int(value) <= MAX_ID:
        return int(value)
    raise PydanticCustomError("invalid_id", "must be a whole number")


def _time(value: Any) -> Any:
    # Pydantic would also take numbers, as seconds or milliseconds, by their size.
    if isinstance(value, str) and not _ISO_TIME.fullmatch(value):
        raise PydanticCustomError("invalid_time", "must be a time like 2030-01-31T09:00:00+02:00")
    if value is not None and not isinstance(value, str):
        raise PydanticCustomError("invalid_time", "must be a time, as text like 2030-01-31T09:00:00+02:00")
    return value


def whole(value: Any) -> int:
    """The whole number that a query means; 1_0 and 1.0 mean none."""
    if not _WHOLE_NUMBER.fullmatch(str(value)):
        raise PydanticCustomError("invalid_number", "must be a whole number")
    return int(value)


def _page(value: Any) -> int:
    return min(max(whole(value or 1), 1), MAX_PAGE)


def _page_size(value: Any) -> int:
    size = whole(value or PAGE_SIZE)
    return PAGE_SIZE if size < 1 else min(size, MAX_PAGE_SIZE)


def storable(value: Any) -> Any:
    if "\0" in value or len(value) > MAX_SEARCH:
        raise PydanticCustomError("invalid_search", f"must have at most {MAX_SEARCH} characters, none of them NUL")
    return value


def _empty_is_absent(value: Any) -> Any:
    return None if value == "" else value


PathId = Annotated[int, BeforeValidator(_id_in_path)]
Time = Annotated[AwareDatetime, BeforeValidator(_time)]
WholeNumber = Annotated[int, Strict()]
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


class Given(BaseModel):
    """What a caller sends; a field we do not know is refused, so that a typing error is not ignored."""

    model_config = ConfigDict(extra="forbid")


class CampaignPath(Given):
    campaign_id: PathId


class Organization(Given):
    """Whose; read by `auth.py` on every route, since only an operator's key may name another account."""

    organization_id: str | None = None


class Page(Organization):
    """Values out of range become the nearest that makes sense."""

    page: Annotated[int, BeforeValidator(_page)] = 1
    page_size: Annotated[int, BeforeValidator(_page_size)] = PAGE_SIZE


class CampaignQuery(Page):
    channel: Annotated[Channel | None, BeforeValidator(_empty_is_absent)] = None
    status: Annotated[Status | None, BeforeValidator(_empty_is_absent)] = None
    q: Annotated[str | None, BeforeValidator(storable)] = Field(None, description="part of a name")


class CustomerQuery(Page):
    q: Annotated[str | None, BeforeValidator(storable)] = Field(None, description="part of a name or phone")


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


class NewCustomer(Given):
    """A person to message."""

    phone: str = Field(description="as people write it; without a country code, one of the account's country")
    first_name: str = ""
    last_name: str = ""
    location: str | None = None
    prefered_product: str | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)
    zone: str | None = Field(None, description="time zone, such as Europe/Athens")


class CustomerPath(Given):
    customer_id: PathId


class EditedCustomer(Given):
    """Only the fields that are named change; attributes change as a whole."""

    phone: str = ""
    first_name: str = ""
    last_name: str = ""
    location: str | None = None
    prefered_product: str | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)
    zone: str | None = None
    consent: Literal["subscribed", "unsubscribed"] = "subscribed"
    remove_opt_out: Annotated[bool, Strict()] = Field(
        False, description="with consent subscribed: also lifts the suppression that an opt-out left"
    )


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


class Customer(BaseModel):
    """A customer as shown."""

    id: int
    account_id: UUID
    phone: str
    first_name: str
    last_name: str
    location: str | None
    prefered_product: str | None
    attributes: dict[str, Any]
    zone: str | None
    consent: Literal["subscribed", "unsubscribed"]
    suppressed: bool = Field(description="nothing is sent to this phone, whatever the consent says")
    created_at: datetime


class Pagination(BaseModel):
    page: int
    page_size: int
    total_count: int
    total_pages: int


class Campaigns(BaseModel):
    """One page, newest first."""

    data: list[Campaign]
    pagination: Pagination


class Customers(BaseModel):
    """One page, newest first."""

    data: list[Customer]
    pagination: Pagination


class Enqueued(BaseModel):
    """A started campaign; `queued` is its audience's count while it is still `preparing`."""

    queued: int
    enqueuedJobs: int
    campaignId: int
    status: Status
    queue: str
    requestId: str


class ErrorDetail(BaseModel):
    code: str
    message: str
    details: dict[str, Any] | None = None


class ErrorAnswer(BaseModel):
    """Every refusal."""

    error: ErrorDetail
    requestId: str
