"""What a sweep answers: the campaigns it started, those it could not start, and those that another process starts."""

from uuid import UUID

from pydantic import Field

from dispatch.formats.view import Time, View
from dispatch.process.lock import Holder
from models.campaigns.due import DueCampaign


class SweptCampaign(View):
    """A campaign the sweep started."""

    campaign_id: int
    organization_id: UUID
    name: str
    previous_status: str
    new_status: str
    recipients_generated: bool
    recipient_count: int


class SweepError(View):
    """A campaign the sweep could not start."""

    campaign_id: int
    error: str = Field(description="an error code")
    message: str


class LockedCampaign(View):
    """A campaign that another process was starting; if that one was killed, a later sweep starts it."""

    campaign_id: int
    organization_id: UUID
    name: str
    holder: str | None = Field(description="the process whose lock in Redis it is, if the lock says so")
    since: Time | None = Field(description="when that process took the lock, by its host's clock")


class SweepReport(View):
    """What one sweep did; `locked` is there only when it skipped campaigns."""

    processed_count: int
    campaigns: list[SweptCampaign]
    errors: list[SweepError]
    locked: list[LockedCampaign] = Field(
        [], exclude_if=lambda each: not each, description="skipped, because another process was starting them"
    )


def locked_by(holder: Holder, campaign: DueCampaign) -> LockedCampaign:
    """Returns the report on a campaign whose lock this is."""
    return LockedCampaign(
        campaign_id=campaign.id,
        organization_id=campaign.account_id,
        name=campaign.name,
        holder=holder.name,
        since=holder.since,
    )
