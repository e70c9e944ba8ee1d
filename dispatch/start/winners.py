"""Sends one of a campaign's variants to those who were held back for it."""

from dispatch.caller import Caller
from dispatch.campaigns.rules import get_campaign
from dispatch.errors import InvalidRequest
from dispatch.start.follow_ups import start_chosen
from dispatch.start.started import EnqueueResult
from dispatch.texts.variants import Split
from models.campaigns.family import CampaignNumber


def send_winner(caller: Caller, campaign_id: int, variant: int) -> EnqueueResult:
    """Starts a child campaign with this text for everyone who was held back and has had none of the texts since.

    Its kind is retry, so it has the campaign's approval, which covers each text and those people.
    """
    split = Split.of(get_campaign(caller, campaign_id))
    if split is None or not split.hold_back:
        raise InvalidRequest("The campaign holds no one back, so there is no one to send a variant to.")
    if not 1 <= variant <= len(split.variants):
        raise InvalidRequest(f"variant is 1 to {len(split.variants)}; given: {variant}.", field="variant")
    return start_chosen(
        caller, campaign_id, lambda child: CampaignNumber.take_held_back(child, campaign_id), variant=variant
    )
