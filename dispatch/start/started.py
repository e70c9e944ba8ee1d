"""What the start of a campaign answers: how many messages it sends, and how many of its audience get none."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dispatch import queues
from dispatch.audience import members
from dispatch.audience.gaps import GapView
from dispatch.audience.members import Audience, AudienceSize
from dispatch.texts.check import RemarkView
from models.campaigns.campaign import Campaign
from models.campaigns.preparation import StartedCampaign
from models.messages import batch
from models.messages import reading as message_reading


@dataclass(frozen=True, slots=True)
class EnqueueResult:
    """A started campaign and how many messages it will send: the size of its audience while it is `preparing`."""

    campaign_id: int
    status: str
    queued: int
    enqueued_jobs: int
    queue: str = queues.SEND
    #: How many of the audience get no message, by reason; while it is `preparing`, as far as that is known.
    skipped: Mapping[str, int] = field(default_factory=dict)
    #: What some of the texts lack.
    gaps: list[GapView] = field(default_factory=list)
    #: What looks like a placeholder and is sent as it is.
    warnings: list[RemarkView] = field(default_factory=list)


def preparing(campaign_id: int, size: AudienceSize) -> EnqueueResult:
    """Returns the answer to a start whose messages are still being written."""
    known = {"opted_out": size.opted_out, "not_mobile": size.not_mobile, "country_not_allowed": size.not_allowed}
    skipped = {reason: people for reason, people in known.items() if people}
    return EnqueueResult(campaign_id, "preparing", size.total, 0, skipped=skipped)


def started(campaign: StartedCampaign, *, jobs: int) -> EnqueueResult:
    """Returns the answer to a start whose messages are written."""
    skipped = message_reading.skipped(campaign.id) if campaign.messages < campaign.recipients else {}
    return EnqueueResult(campaign.id, campaign.status, campaign.messages, jobs, skipped=skipped)


def already_started(campaign: Campaign) -> EnqueueResult:
    """Returns what the start of this campaign answered, or would have answered."""
    if campaign.status == "preparing":
        return preparing(campaign.id, members.size_of(Audience.of(campaign)))
    written = batch.stats([campaign.id])[campaign.id]
    skipped = message_reading.skipped(campaign.id) if written.skipped else {}
    return EnqueueResult(campaign.id, campaign.status, written.total - written.skipped, 0, skipped=skipped)
