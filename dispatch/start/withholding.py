"""Ends the rule of a campaign that has started without sending a text, or sends those it held back none at all."""

from typing import Literal

import structlog

from dispatch.caller import Caller
from dispatch.campaigns.results import ResultsView, compare, read_results
from dispatch.campaigns.rules import get_campaign, note
from dispatch.errors import InvalidRequest, InvalidStatus
from dispatch.start.winners import keep_decision
from dispatch.texts.variants import Split
from models.campaigns.approval import lock
from models.campaigns.campaign import Campaign
from models.campaigns.held_back import HeldBack
from models.database import db

log = structlog.get_logger()


def withhold_winner(caller: Caller, campaign_id: int, *, for_good: bool = False) -> ResultsView:
    """Ends the campaign's rule: those who were held back get nothing until a person sends them one of the texts.

    With `for_good`, also without a rule, they are no longer waited for; `send_winner` still reaches them. InvalidStatus
    when nothing can be withheld: the campaign has not started, or they get a text already.
    """
    campaign = get_campaign(caller, campaign_id)
    split = Split.of(campaign)
    if split is None or not split.hold_back:
        raise InvalidRequest("The campaign holds no one back, so there is nothing to withhold.")
    why: Literal["stopped", "closed"] = "closed" if for_good else "stopped"
    with db.atomic():
        # Its completion writes down who waits, and would not see a decision of the same moment.
        lock(campaign_id)
        ended = HeldBack.close(campaign_id) if for_good else HeldBack.stop_rule(campaign_id)
        if not ended:
            raise _why_not(caller, get_campaign(caller, campaign_id), split, for_good=for_good)
        found = compare(campaign, split, by=None)
        keep_decision(caller, campaign, found, withheld=why, by_rule=False)
        note(caller, "campaign.winner_withheld", campaign, reason=why)
        db.after_commit(lambda: log.info("winner.withheld", campaign_id=campaign_id, reason=why))
        return read_results(caller, campaign_id)


def _why_too_late(child: Campaign) -> str:
    """Returns why nothing can be withheld from those to whom this campaign was to send one of the texts."""
    if child.status in ("completed", "failed", "cancelled"):
        became = {"completed": "has sent", "failed": "could not send", "cancelled": "was cancelled before it had sent"}
        return f"Campaign {child.id} {became[child.status]} a text to those who were held back; `decisions` says which."
    return f"Campaign {child.id} is sending a text to those who were held back; cancel that one."


def _why_not(caller: Caller, campaign: Campaign, split: Split, *, for_good: bool) -> InvalidStatus | InvalidRequest:
    """Returns the reason why nothing was withheld."""
    waiting = HeldBack.of(campaign.id)
    if waiting and waiting.child_id:
        said = _why_too_late(get_campaign(caller, waiting.child_id))
    elif campaign.status == "preparing" or campaign.paused_from == "preparing":
        said = "The campaign is still being prepared; try again when it is sending."
    elif campaign.status in ("draft", "scheduled") or campaign.paused_from == "scheduled":
        said = "The campaign has not started; change or remove its rule by editing it."
    elif split.rule is None and not for_good:
        said = "The campaign has no rule, so a person decides anyway; for_good sends those who were held back nothing."
    else:
        said = "Nothing waits to be decided: `decisions` in the campaign's results says what was."
    return InvalidStatus(said, status=campaign.status)
