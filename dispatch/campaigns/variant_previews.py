"""Which of a campaign's texts the people of a preview would get: those that the start draws."""

from collections.abc import Sequence
from typing import Any

from dispatch.audience.gaps import Reach
from dispatch.campaigns.preview_view import PreviewedVariantView
from dispatch.texts.sms import Measure, measure_for
from dispatch.texts.template import CompiledTemplate
from dispatch.texts.typography import fold
from dispatch.texts.variants import Split, seed_of
from models.campaigns.campaign import Campaign
from models.messages.parameters import unmarked


def drawn_for(campaign: Campaign, people: Sequence[dict[str, Any]]) -> list[int | None]:
    """Returns the number of each person's text, from 1 on; None for those who are held back."""
    split = Split.of(campaign)
    if split is None:
        return [1] * len(people)
    seed = seed_of(campaign)
    return [split.draw(seed, person["id"] or person["phone"]) for person in people]


def text_drawn_for(campaign: Campaign, customer_id: int) -> str:
    """Returns the text that this customer would get; the first one for those who are held back."""
    split = Split.of(campaign)
    if split is None:
        return campaign.template
    return split.variants[(split.draw(seed_of(campaign), customer_id) or 1) - 1].text


def expected_of(campaign: Campaign, reach: Reach) -> int:
    """Returns how many messages would be sent at the start, without those of people who are held back."""
    split = Split.of(campaign)
    return split.expected(reach.messages) if split else reach.messages


def variants_shown(
    campaign: Campaign, templates: Sequence[CompiledTemplate], people: Sequence[dict[str, Any]]
) -> list[PreviewedVariantView]:
    """Returns each of the texts that the campaign compares, as the first of the people would read it."""
    split = Split.of(campaign)
    if split is None or not people:
        return []
    read = [as_sent(campaign, unmarked(template.render(people[0]))) for template in templates]
    return [
        PreviewedVariantView(
            variant=number, share=variant.share, text=text, encoding=measured.encoding, segments=measured.segments
        )
        for number, (variant, (text, measured)) in enumerate(zip(split.variants, read, strict=True), 1)
    ]


def as_sent(campaign: Campaign, text: str) -> tuple[str, Measure]:
    """Returns the text with its typography folded, if the campaign does that, and its size."""
    measured = measure_for(campaign.channel, text)
    return fold(text, measured) if campaign.fold_typography else (text, measured)
