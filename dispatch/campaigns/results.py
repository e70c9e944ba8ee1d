"""What became of each text of a campaign that compares several, and which did best."""

from pydantic import Field

from dispatch.caller import Caller
from dispatch.campaigns.rules import get_campaign
from dispatch.campaigns.verdict import Measure, verdict_of
from dispatch.errors import InvalidStatus
from dispatch.formats.view import View
from dispatch.texts.variants import Split
from models.messages.variants import VariantCounts, results


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


class ResultsView(View):
    """What became of each text, and which is best."""

    campaign_id: int
    variants: list[VariantResultView]
    by: Measure
    winner: int | None = Field(description="null: it is too early to tell")
    more_needed: int | None = Field(description="about how many more people it takes to tell")
    verdict: str


def read_results(caller: Caller, campaign_id: int, *, by: Measure | None = None) -> ResultsView:
    """Returns the results of a campaign that compares texts, by clicks if it tracks its links, or else by delivery."""
    campaign = get_campaign(caller, campaign_id)
    split = Split.of(campaign)
    if split is None:
        raise InvalidStatus("The campaign has one text, so there is nothing to compare.", status=campaign.status)
    measure: Measure = by or ("clicked" if campaign.track_links else "delivered")
    known = {each.variant: each for each in results(campaign.account_id, campaign_id)}
    counts = [known.get(number) or _none(number) for number in range(1, len(split.variants) + 1)]
    verdict = verdict_of([(each.variant, each.sent, getattr(each, measure)) for each in counts], measure)
    return ResultsView(
        campaign_id=campaign_id,
        variants=[_shown(each, split.variants[each.variant - 1].text) for each in counts],
        by=measure,
        winner=verdict.winner,
        more_needed=verdict.more_needed,
        verdict=verdict.text,
    )


def _none(number: int) -> VariantCounts:
    return VariantCounts(variant=number, sent=0, delivered=0, undelivered=0, clicked=0, replied=0, opted_out=0)


def _shown(counts: VariantCounts, text: str) -> VariantResultView:
    measured = ("delivered", "undelivered", "clicked", "replied", "opted_out")
    found = {name: getattr(counts, name) for name in measured}
    shares = {name: round(value / counts.sent * 100, 1) if counts.sent else 0.0 for name, value in found.items()}
    return VariantResultView(variant=counts.variant, text=text, sent=counts.sent, **found, shares=shares)
