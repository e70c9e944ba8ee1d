"""`send`: a campaign to exactly these customers, at once or at its scheduled time."""

from collections.abc import Sequence

import structlog
from pydantic import Field

from dispatch.audience.choice import choose_customers
from dispatch.audience.gaps import GapView
from dispatch.caller import Caller
from dispatch.campaigns.rules import check_no_child, get_campaign, not_started, note
from dispatch.campaigns.view import Status
from dispatch.errors import EmptyCustomerIds
from dispatch.formats.view import View
from dispatch.start.enqueue import start_in_one_transaction
from dispatch.start.started import EnqueueResult, already_started
from dispatch.texts.check import RemarkView
from models.campaigns import writing as campaign_writing
from models.campaigns.audience import CampaignCustomer
from models.campaigns.audience_parts import AudiencePart
from models.campaigns.campaign import Campaign

log = structlog.get_logger()


class SentView(View):
    """How many customers a send queued, each counted once, and the campaign's state: `scheduled` while it waits."""

    campaign_id: int
    messages_queued: int
    status: Status
    warnings: list[RemarkView] = Field(
        default_factory=list,
        exclude_if=lambda warnings: not warnings,
        description="what looks like a placeholder and is sent as it is; left out without any",
    )
    gaps: list[GapView] = Field(
        default_factory=list,
        exclude_if=lambda gaps: not gaps,
        description="placeholders that are empty for some of them; left out without any",
    )


def send_campaign(caller: Caller, campaign_id: int, customer_ids: Sequence[int]) -> SentView:
    """Queues the campaign for these customers: a draft starts at once, a scheduled one waits for its time.

    The first send makes them the whole audience; another send before the start adds to it.
    """
    get_campaign(caller, campaign_id)
    if not customer_ids:
        raise EmptyCustomerIds(field="customer_ids")
    added = 0

    def queue() -> Campaign | None:
        nonlocal added
        added, to_start = _queue(caller, campaign_id, customer_ids)
        return to_start

    started = start_in_one_transaction(caller, queue)
    log.info("campaign.queued", campaign_id=campaign_id, customers=added)
    if started is None:
        return SentView(campaign_id=campaign_id, messages_queued=added, status="scheduled")
    return _sent(started)


def already_sent(campaign: Campaign) -> SentView:
    """Returns what the send that started this campaign answered, or would have answered."""
    return _sent(already_started(campaign))


def _sent(started: EnqueueResult) -> SentView:
    return SentView(
        campaign_id=started.campaign_id,
        messages_queued=started.queued,
        status=started.status,
        warnings=started.warnings,
        gaps=started.gaps,
    )


def _queue(caller: Caller, campaign_id: int, customer_ids: Sequence[int]) -> tuple[int, Campaign | None]:
    """Makes these customers the campaign's audience, or adds them to it.

    Returns how many are new, and the campaign if it starts now. The row stays locked until the choice is committed, so
    that any other start comes either before it, and this one is refused, or after it.
    """
    queued = campaign_writing.queue(campaign_id)
    if queued is None:
        campaign = get_campaign(caller, campaign_id)
        check_no_child(campaign)
        raise not_started(campaign.status)
    if queued.first:
        CampaignCustomer.forget(campaign_id)
        AudiencePart.replace(queued.account_id, campaign_id, [])
    added = choose_customers(queued.account_id, campaign_id, customer_ids)
    note(caller, "campaign.queued", queued, customers=added)
    # Read again, because choosing other customers may have revoked its approval.
    return added, get_campaign(caller, campaign_id) if queued.status == "draft" else None
