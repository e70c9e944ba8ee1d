"""What a sweep reports and an approval names, as types."""

from pydantic import BaseModel, Field

from api.http.inputs import Given, WholeNumber


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
