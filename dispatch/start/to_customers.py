"""`send`: adds customers to a campaign, which starts at once or at its scheduled time."""

from collections.abc import Sequence

import structlog
from pydantic import Field

from dispatch.audience.choice import choose_customers
from dispatch.audience.gaps import GapView
from dispatch.caller import Caller
from dispatch.campaigns.rules import check_no_child, check_revision, get_campaign, not_started, note
from dispatch.campaigns.view import Status
from dispatch.errors import DispatchError, EmptyCustomerIds, InvalidStatus
from dispatch.formats.view import View
from dispatch.start.enqueue import start_in_one_transaction
from dispatch.start.started import EnqueueResult, already_started
from dispatch.texts.check import RemarkView
from models.campaigns import writing as campaign_writing
from models.campaigns.audience import CampaignCustomer
from models.campaigns.campaign import Campaign

log = structlog.get_logger()


class SentView(View):
    """How many customers a send queued, each counted once, and the campaign's state: `scheduled` while it waits."""

    campaign_id: int
    messages_queued: int
    status: Status
    customers: int | None = Field(
        None,
        exclude_if=lambda customers: customers is None,
        description="of a scheduled campaign that has others too: how many it has now; otherwise left out",
    )
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


def send_campaign(
    caller: Caller, campaign_id: int, customer_ids: Sequence[int], *, revision: int | None = None
) -> SentView:
    """Adds these customers to the campaign: a draft starts at once, a scheduled one waits for its time.

    Customers who were chosen before stay chosen. InvalidStatus for a campaign that has an audience of another kind.
    With a `revision`, which is what a person has read, a campaign that was changed since is ChangedSince.
    """
    get_campaign(caller, campaign_id)
    if not customer_ids:
        raise EmptyCustomerIds(field="customer_ids")
    added = chosen = 0

    def queue() -> Campaign | None:
        nonlocal added, chosen
        added, chosen, to_start = _queue(caller, campaign_id, customer_ids, revision)
        return to_start

    started = start_in_one_transaction(caller, queue)
    log.info("campaign.queued", campaign_id=campaign_id, customers=added)
    if started is None:
        others = chosen if chosen > added else None
        return SentView(campaign_id=campaign_id, messages_queued=added, status="scheduled", customers=others)
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


def _queue(
    caller: Caller, campaign_id: int, customer_ids: Sequence[int], revision: int | None
) -> tuple[int, int, Campaign | None]:
    """Adds these customers to those that the campaign has.

    Returns how many are new, how many it has now, and the campaign if it starts now. The row stays locked until the
    choice is committed, so that any other start comes either before it, and this one is refused, or after it.
    """
    queued = campaign_writing.queue(campaign_id, read=revision)
    if queued is None:
        raise _why_not_queued(get_campaign(caller, campaign_id), revision)
    added = choose_customers(queued.account_id, campaign_id, customer_ids)
    chosen = CampaignCustomer.counts([campaign_id]).get(campaign_id, 0)
    note(caller, "campaign.queued", queued, customers=added, of=chosen)
    # Read again, because choosing other customers may have revoked its approval.
    return added, chosen, get_campaign(caller, campaign_id) if queued.status == "draft" else None


def _why_not_queued(campaign: Campaign, revision: int | None) -> DispatchError:
    check_revision(campaign, revision)
    check_no_child(campaign)
    if campaign.status not in ("draft", "scheduled"):
        return not_started(campaign.status)
    return InvalidStatus(
        f"The audience of this campaign is {_in_words(campaign)}, to which customers cannot be added; nothing was "
        "changed. Give it the customers as its audience instead (PATCH with customer_ids), or send another campaign.",
        status=campaign.status,
        audience=campaign.audience_kind,
    )


def _in_words(campaign: Campaign) -> str:
    match campaign.audience_kind:
        case "list":
            return f"list {campaign.list_id}" if campaign.list_id else "a list"
        case "segment":
            return f"segment {campaign.segment_id}" if campaign.segment_id else "a segment that was deleted"
        case "combined":
            return "made of several lists and segments"
        case "remote":
            return "users of another service, by conditions"
        case _:
            return "everyone"
