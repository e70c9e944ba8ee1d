"""What became of each text of a campaign that compares several, and which did best."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from dispatch.caller import Caller
from dispatch.campaigns.rules import get_campaign
from dispatch.campaigns.verdict import Verdict, leading, verdict_of
from dispatch.errors import InvalidStatus
from dispatch.formats.view import Time, View
from dispatch.texts.variants import Split
from dispatch.texts.winner_rule import Measure
from models.campaigns.campaign import Campaign
from models.campaigns.held_back import HeldBack
from models.campaigns.variant_decision import VariantDecision
from models.messages.variants import VariantCounts, results
from models.row import JsonObject

# By the rule, or by a person: who ended the rule, or decided that they get none of the texts.
Withheld = Literal["too_early", "too_late", "expired", "stopped", "closed"]


class VariantResultView(View):
    """How many people were sent one of the texts, and what they did."""

    variant: int
    text: str
    sent: int
    delivered: int
    undelivered: int
    clicked: int = Field(description="opened a tracked link, each counted once")
    replied: int = Field(description="with anything but STOP and its like")
    opted_out: int = Field(description="by a reply, or by the link in the message")
    shares: dict[str, float] = Field(description="each of these in percent of those who were sent it")


class DecisionView(View):
    """Which variant those who were held back were sent, or why none."""

    variant: int | None
    child_id: int | None = Field(description="the campaign that sends it")
    withheld: Withheld | None = Field(description="why none is sent; a person still may send one")
    by_rule: bool
    actor: str = Field(description="who decided; the system user for a rule")
    measure: Measure
    figures: list[JsonObject] = Field(description="what became of each variant until then")
    verdict: str
    decided_at: Time


class AwaitedVariantView(View):
    """What those who were held back wait for."""

    since: Time
    decide_at: Time | None = Field(description="when the rule decides; null: a person does")
    blocked_reason: str | None = Field(description="why the text that was chosen could not be sent yet")
    next_check_at: Time | None


class ResultsView(View):
    """What became of each text, and which is best."""

    campaign_id: int
    variants: list[VariantResultView]
    by: Measure
    winner: int | None = Field(description="null: it is too early to tell")
    more_needed: int | None = Field(description="about how many more people it takes to tell")
    verdict: str
    held_back: AwaitedVariantView | None = Field(description="null: no one waits, or the campaign has not completed")
    decisions: list[DecisionView] = Field(description="newest first")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The texts of a campaign with what became of them, and what that says by one measure."""

    measure: Measure
    counts: list[VariantCounts]
    verdict: Verdict
    #: The text with the best share so far, which may be chance.
    leading: int | None


def compare(campaign: Campaign, split: Split, *, by: Measure | None) -> Comparison:
    """Compares the texts by this measure: else that of the rule, clicks if links are tracked, or delivery."""
    usual: Measure = split.rule.by if split.rule else "clicked" if campaign.track_links else "delivered"
    measure = by or usual
    known = {each.variant: each for each in results(campaign.account_id, campaign.id)}
    counts = [known.get(number) or _none(number) for number in range(1, len(split.variants) + 1)]
    measured = [(each.variant, each.sent, getattr(each, measure)) for each in counts]
    return Comparison(measure, counts, verdict_of(measured, measure), leading(measured, measure))


def read_results(caller: Caller, campaign_id: int, *, by: Measure | None = None) -> ResultsView:
    """Returns the results of a campaign that compares texts, and what was decided about those who were held back."""
    campaign = get_campaign(caller, campaign_id)
    split = Split.of(campaign)
    if split is None:
        raise InvalidStatus("The campaign has one text, so there is nothing to compare.", status=campaign.status)
    found = compare(campaign, split, by=by)
    waiting = HeldBack.of(campaign_id)
    return ResultsView(
        campaign_id=campaign_id,
        variants=[_shown(each, split.variants[each.variant - 1].text) for each in found.counts],
        by=found.measure,
        winner=found.verdict.winner,
        more_needed=found.verdict.more_needed,
        verdict=found.verdict.text,
        held_back=AwaitedVariantView.model_validate(waiting) if waiting and waiting.child_id is None else None,
        decisions=[DecisionView.model_validate(each) for each in VariantDecision.of(campaign_id)],
    )


def _none(number: int) -> VariantCounts:
    return VariantCounts(variant=number, sent=0, delivered=0, undelivered=0, clicked=0, replied=0, opted_out=0)


def _shown(counts: VariantCounts, text: str) -> VariantResultView:
    measured = ("delivered", "undelivered", "clicked", "replied", "opted_out")
    found = {name: getattr(counts, name) for name in measured}
    shares = {name: round(value / counts.sent * 100, 1) if counts.sent else 0.0 for name, value in found.items()}
    return VariantResultView(variant=counts.variant, text=text, sent=counts.sent, **found, shares=shares)
