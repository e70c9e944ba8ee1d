"""`send`: a campaign to exactly these customers, at once or when its time comes."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from dispatch.audience.choice import choose_customers
from dispatch.caller import Caller
from dispatch.campaigns.rules import get_campaign, note, refusal
from dispatch.errors import EmptyCustomerIds
from dispatch.start.enqueue import start_in_one_transaction
from models import campaign_writing
from models.campaign import Campaign
from models.campaign_audience import CampaignCustomer

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sent:
    """What a send queued, and the campaign's state now: `scheduled` when it still waits for its time."""

    campaign_id: int
    messages_queued: int
    status: str


def send_campaign(caller: Caller, campaign_id: int, customer_ids: Sequence[int]) -> Sent:
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
        return Sent(campaign_id, added, "scheduled")
    return Sent(campaign_id, started.queued, started.status)


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
