"""What a run did, and how its campaigns are."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from pydantic import Field

from dispatch.formats.view import Time, View
from dispatch.start.swept import LockedCampaign, SweepError
from models.campaigns.sending import with_ids
from models.database import database_now
from models.messages import batch
from models.messages.batch import Stats

# A campaign whose next message may be sent only after this long, because of people's hours or of a Retry-After, is left
# to a later run.
LEAVE_AFTER_SEC = 300


class RunCampaign(View):
    """A campaign of the run: its state, and its messages counted by state."""

    campaign_id: int
    organization_id: UUID
    name: str
    status: str
    waits_until: Time | None = Field(description="when the first message may be sent, if none may be now")
    is_left: bool = Field(description="it waits so long that this run leaves it to a later one")
    stats: Stats


class RunReport(View):
    """What a run did; `locked` is there only when there are such campaigns."""

    processed: int
    campaigns: list[RunCampaign]
    errors: list[SweepError]
    locked: list[LockedCampaign] = Field(
        [],
        exclude_if=lambda each: not each,
        description="not started yet, because another process was starting them; their jobs wait for it",
    )


def run_campaigns(campaign_ids: Sequence[int]) -> list[RunCampaign]:
    """Returns the campaigns as they are now."""
    counts = batch.stats(list(campaign_ids))
    waiting = batch.waiting_until(list(campaign_ids))
    too_late = database_now() + timedelta(seconds=LEAVE_AFTER_SEC)
    found = []
    for campaign in with_ids(campaign_ids):
        until = waiting.get(campaign.id) if campaign.status == "sending" else None
        found.append(
            RunCampaign(
                campaign_id=campaign.id,
                organization_id=campaign.account_id,
                name=campaign.name,
                status=campaign.status,
                waits_until=until,
                is_left=until is not None and until > too_late,
                stats=counts[campaign.id],
            )
        )
    return found


def report_on(
    campaign_ids: Sequence[int], errors: Mapping[int, SweepError], locked: Mapping[int, LockedCampaign]
) -> RunReport:
    """Returns the report on these campaigns, and on those that are only among the errors."""
    campaigns = run_campaigns(campaign_ids)
    return RunReport(
        processed=len({each.campaign_id for each in campaigns} | errors.keys()),
        campaigns=campaigns,
        errors=list(errors.values()),
        locked=list(locked.values()),
    )
