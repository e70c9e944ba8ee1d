"""Credits and the audit trail, as types."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from api.http.inputs import Given, Page, WholeNumber, storable
from api.http.pages import Pagination

Text = Annotated[str | None, BeforeValidator(lambda value: storable(value) if isinstance(value, str) else value)]


class TopUp(Given):
    amount: WholeNumber = Field(description="how many credits to add")


class LedgerEntry(BaseModel):
    """One movement; the sums of both columns are the balance."""

    id: int
    kind: Literal["topup", "hold", "capture", "release", "adjust"]
    available_delta: int
    held_delta: int
    campaign_id: int | None
    epoch: int | None
    actor: str
    at: datetime


class Ledger(BaseModel):
    """One page, newest first."""

    data: list[LedgerEntry]
    pagination: Pagination


class EventQuery(Page):
    action: Text = Field(None, description="such as campaign.paused")
    actor: Text = Field(None, description="such as key:<id>")
    subject: Text = Field(None, description="the id of what was changed")
    request_id: Text = None


class AuditEvent(BaseModel):
    """One change: who, what, to what, asked for by which request."""

    id: int
    account_id: UUID | None
    actor: str
    action: str
    subject: str
    details: dict[str, Any]
    request_id: str | None
    at: datetime


class AuditEvents(BaseModel):
    """One page, newest first."""

    data: list[AuditEvent]
    pagination: Pagination


class Approval(Given):
    """What is approved."""

    revision: WholeNumber = Field(description="the campaign's revision that was read")


class SweptCampaign(BaseModel):
    """A campaign that was started; the ids are text in this one answer, as its users know it."""

    campaign_id: str
    organization_id: str
    name: str
    previous_status: str
    new_status: str
    recipients_generated: bool
    recipient_count: int


class SweepError(BaseModel):
    campaign_id: str
    error: str = Field(description="a code of the error table")


class SweepReport(BaseModel):
    """What one run did."""

    processed_count: int
    campaigns: list[SweptCampaign]
    errors: list[SweepError]
