"""`send`: a campaign to exactly these customers, at once or when its time comes."""

from collections.abc import Sequence

import structlog

from dispatch.audience.choice import choose_customers
from dispatch.caller import Caller
from dispatch.campaigns.rules import get_campaign, note, refusal
from dispatch.campaigns.view import Status
from dispatch.errors import EmptyCustomerIds
from dispatch.formats.view import View
from dispatch.start.enqueue import EnqueueResult, already_started, start_in_one_transaction
from models.campaigns import writing as campaign_writing
from models.campaigns.audience import CampaignCustomer
from models.campaigns.campaign import Campaign

log = structlog.get_logger()


class SentView(View):
    """What a send queued, each customer counted once, and the campaign's state: `scheduled` while it waits."""

    campaign_id: int
    messages_queued: int
    status: Status


def send_campaign(caller: Caller, campaign_id: int, customer_ids: Sequence[int]) -> SentView:
    """Queues the campaign for these customers: a draft starts at once, a scheduled one waits for its time.

    The first send makes them its whole audience; another one before the start adds to them.
    """
    get_campaign(caller, campaign_id)
    if not customer_ids:
        raise EmptyCustomerIds("customer_ids is empty; name at least one customer.", field="customer_ids")
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
    """Returns what was answered, or would have been, to the send that started this campaign."""
    return _sent(already_started(campaign))


def _sent(started: EnqueueResult) -> SentView:
    return SentView(campaign_id=started.campaign_id, messages_queued=started.queued, status=started.status)


def _queue(caller: Caller, campaign_id: int, customer_ids: Sequence[int]) -> tuple[int, Campaign | None]:
    """Makes these the campaign's recipients, or adds them; gives how many are new, and the campaign if it starts now.

    The row stays locked until the choice is committed, so any other start comes before it, and it is refused, or after.
    """
    queued = campaign_writing.queue(campaign_id)
    if queued is None:
        raise refusal("sent", get_campaign(caller, campaign_id).status)
    if queued.first:
        CampaignCustomer.forget(campaign_id)
    added = choose_customers(queued.account_id, campaign_id, customer_ids)
    note(caller, "campaign.queued", queued, customers=added)
    # Read anew: that others were chosen may have taken its approval away.
    return added, get_campaign(caller, campaign_id) if queued.status == "draft" else None
