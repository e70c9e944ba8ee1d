"""Which campaigns can be started, and why one could not be after all."""

from dispatch.audience.gaps import Reach
from dispatch.caller import Caller
from dispatch.campaigns.approval import check_approval
from dispatch.campaigns.rules import check_revision, not_started
from dispatch.errors import CampaignNotFound, DispatchError, Expired, InvalidStatus, NoMessageText, NoTargetAudience
from dispatch.texts.variants import templates_of
from models.campaigns.campaign import Campaign
from models.campaigns.hours import has_expired


def check_status(campaign: Campaign) -> None:
    """Refuses a campaign whose state, text, audience or expiry does not let it start."""
    if campaign.status == "recurring":
        raise InvalidStatus(
            f"The campaign is recurring; `schedule run-now {campaign.schedule_id}` starts an occurrence of it now.",
            status=campaign.status,
            schedule_id=str(campaign.schedule_id),
        )
    if campaign.status not in ("draft", "scheduled"):
        raise not_started(campaign.status)
    if not campaign.template.strip():
        raise NoMessageText
    templates_of(campaign)
    if campaign.audience_kind is None:
        raise NoTargetAudience
    if campaign.expires_at and has_expired(campaign.id):
        raise Expired


def why_not_claimed(caller: Caller, campaign: Campaign, reach: Reach, revision: int | None) -> DispatchError:
    """Returns why the claim found nothing: the campaign is no longer what it was when it was checked."""
    current = Campaign.find(campaign.id, campaign.account_id)
    if current and current.status in ("draft", "scheduled"):
        check_revision(current, revision)
        if has_expired(current.id):
            return Expired()
        check_approval(current, reach.total, changed=reach.changed, actor=caller.actor)
        return InvalidStatus("The campaign was rescheduled and is no longer due.", status=current.status)
    return not_started(current.status) if current else CampaignNotFound()
