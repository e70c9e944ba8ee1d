"""What writes the texts of a campaign that is being prepared: one renderer, or one for each text that it compares."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from dispatch.audience.fields import ID, PHONE, columns_of
from dispatch.links.addresses import links_of
from dispatch.texts.linked import MessageLinks
from dispatch.texts.rendering import Renderer
from dispatch.texts.sms import Encoding
from dispatch.texts.tracking import links_in
from dispatch.texts.variants import Split, seed_of, templates_of
from models.campaigns.campaign import Campaign
from models.messages.parameters import MARK

TextFor: TypeAlias = Callable[[Sequence[Any]], tuple[str, Encoding, int]]
#: The number of a recipient's variant, None for someone who is held back, and what writes the text.
Chosen: TypeAlias = tuple[int | None, TextFor]
Choose: TypeAlias = Callable[[Sequence[Any], int], Chosen]


@dataclass(frozen=True, slots=True)
class Writers:
    """What writes the texts of one campaign."""

    #: What is read of each recipient.
    fields: tuple[str, ...]
    renderers: tuple[Renderer, ...]
    #: Where the links in the texts lead, if the campaign tracks any.
    targets: tuple[str, ...]
    #: Returns a recipient's text among several, from the recipient and the number of the message; None if there is one.
    choose: Choose | None
    #: Which of its parent's texts a follow-up sends to everyone.
    variant: int | None

    @classmethod
    def of(cls, campaign: Campaign, *, zoned: bool) -> "Writers":
        """Returns what writes this campaign's texts; each recipient's zone is read too if it is `zoned`."""
        texts = links_in(campaign, templates_of(campaign, mark=MARK if campaign.whatsapp_template else ""))
        templates = [text.template for text in texts]
        read = dict.fromkeys(field for template in templates for field in template.fields)
        fields = (*read, "zone") if zoned else tuple(read)
        columns, linked = columns_of(fields), any(template.links for template in templates)
        links = MessageLinks(links_of(campaign.account_id), campaign.id) if linked else None
        renderers = tuple(
            Renderer(template, channel=campaign.channel, folds=campaign.fold_typography, columns=columns, links=links)
            for template in templates
        )
        split = Split.of(campaign)
        choose = _choosing(campaign, split, renderers) if split else None
        return cls(fields, renderers, texts[-1].targets, choose, campaign.variant)

    @property
    def text_for(self) -> TextFor:
        """What writes the only text, or the first."""
        return self.renderers[0].text_for

    @property
    def may_be_blank(self) -> bool:
        """Whether nothing may be left of a text."""
        return any(renderer.may_be_blank for renderer in self.renderers)


def _choosing(campaign: Campaign, split: Split, renderers: Sequence[Renderer]) -> Choose:
    seed, is_test, several = seed_of(campaign), campaign.kind == "test", len(renderers)
    chosen: list[Chosen] = [(number, renderer.text_for) for number, renderer in enumerate(renderers, 1)]
    held: Chosen = (None, _nothing)

    def choose(recipient: Sequence[Any], n: int) -> Chosen:
        # Someone who tests a campaign wants to see each text.
        number = n % several + 1 if is_test else split.draw(seed, recipient[ID] or recipient[PHONE])
        return chosen[number - 1] if number else held

    return choose


def _nothing(_recipient: Sequence[Any]) -> tuple[str, Encoding, int]:
    """Returns the text of someone who is held back; what they are sent later is written then."""
    return "", "gsm7", 0
