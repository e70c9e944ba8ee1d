"""Sends one of a campaign's variants to those who were held back for it, and keeps who decided by which figures."""

from dataclasses import asdict

from dispatch.caller import Caller
from dispatch.campaigns.results import Comparison, Withheld, compare
from dispatch.campaigns.rules import get_campaign, note
from dispatch.errors import InvalidRequest, InvalidStatus
from dispatch.start.follow_ups import start_chosen
from dispatch.start.started import EnqueueResult
from dispatch.texts.variants import Split
from models.campaigns.campaign import Campaign
from models.campaigns.family import CampaignNumber
from models.campaigns.held_back import HeldBack
from models.campaigns.variant_decision import VariantDecision


def send_winner(caller: Caller, campaign_id: int, variant: int) -> EnqueueResult:
    """Starts a child campaign with this text for everyone who was held back and has had none of the texts since.

    Its kind is retry, so it has the campaign's approval, which covers each text and those people. The campaign's rule
    then decides nothing any more.
    """
    campaign = get_campaign(caller, campaign_id)
    split = Split.of(campaign)
    if split is None or not split.hold_back:
        raise InvalidRequest("The campaign holds no one back, so there is no one to send a variant to.")
    if not 1 <= variant <= len(split.variants):
        raise InvalidRequest(f"variant is 1 to {len(split.variants)}; given: {variant}.", field="variant")
    return send_chosen(caller, campaign, variant, compare(campaign, split, by=None), by_rule=False)


def send_chosen(caller: Caller, campaign: Campaign, variant: int, found: Comparison, *, by_rule: bool) -> EnqueueResult:
    """Sends this text to those who were held back; the decision is written in the transaction that starts it.

    InvalidStatus for a rule that is not due, or when they have been sent a text by now.
    """

    def take(child: Campaign) -> int:
        taken = CampaignNumber.take_held_back(child, campaign.id)
        if not taken:
            return 0
        if not by_rule:
            HeldBack.send_by_hand(campaign.id, child.id)
        elif not HeldBack.send_by_rule(campaign.id, child.id):
            raise InvalidStatus("It has been decided by now which text they get.", status=campaign.status)
        keep_decision(caller, campaign, found, variant=variant, child_id=child.id, by_rule=by_rule)
        note(caller, "campaign.winner_chosen", campaign, variant=variant, by_rule=by_rule, child_id=child.id)
        return taken

    return start_chosen(caller, campaign.id, take, variant=variant)


def keep_decision(
    caller: Caller,
    campaign: Campaign,
    found: Comparison,
    *,
    by_rule: bool,
    variant: int | None = None,
    child_id: int | None = None,
    withheld: Withheld | None = None,
) -> None:
    """Writes a decision with the figures by which it was made, in the transaction that carries it out."""
    VariantDecision.add(
        campaign.id,
        account_id=campaign.account_id,
        variant=variant,
        child_id=child_id,
        withheld=withheld,
        by_rule=by_rule,
        actor=caller.actor,
        measure=found.measure,
        figures=[asdict(each) for each in found.counts],
        verdict=found.verdict.text,
    )
