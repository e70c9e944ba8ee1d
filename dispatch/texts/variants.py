"""Campaigns that compare several texts: who gets which is drawn at random, once, and can be drawn again.

The draw depends on the campaign and the person alone, so a preview, a preparation that is continued after a crash and a
retry all draw the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import ceil, sqrt
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, Strict

from dispatch.counting import counted
from dispatch.errors import InvalidRequest, InvalidTemplate, TooFewRecipients
from dispatch.formats.checks import composed
from dispatch.texts.components import compiled
from dispatch.texts.filters import is_blank
from dispatch.texts.placeholders import compile_for
from dispatch.texts.template import CompiledTemplate
from dispatch.texts.winner_rule import WinnerRule, check_rule
from models.campaigns.campaign import Campaign
from models.row import JsonObject

FEWEST, MOST = 2, 4
MOST_HELD_BACK = 90
# A test with fewer people in a part says nothing, and may leave a part without anyone.
FEWEST_PEOPLE = 5


class Variant(BaseModel):
    """One of the texts that a campaign compares."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    text: str = Field(description="up to 2000 characters, with placeholders like {first_name}")
    share: Annotated[int, Strict()] | None = Field(
        None, description="in percent of those who are sent any; all of them make 100. Equal if no variant has one"
    )


@dataclass(frozen=True, slots=True)
class Split:
    """The texts that a campaign compares, and what share of its people gets which."""

    #: Each with its share.
    variants: tuple[Variant, ...]
    #: Percent of the people who are sent none of them now, but the best one later.
    hold_back: int = 0
    #: When these people get it without anyone asking; None: a person decides.
    rule: WinnerRule | None = None

    @classmethod
    def of(cls, campaign: Campaign) -> "Split | None":
        """Returns what the campaign's row has; None when it has one text."""
        if campaign.split is None:
            return None
        variants = tuple(Variant.model_validate(each) for each in campaign.split["variants"])
        rule = campaign.split.get("winner_rule")
        return cls(variants, campaign.split.get("hold_back", 0), WinnerRule.model_validate(rule) if rule else None)

    def stored(self) -> JsonObject:
        """Returns what is stored."""
        found: JsonObject = {"variants": [each.model_dump() for each in self.variants], "hold_back": self.hold_back}
        # Left out if there is none, so that an approval of a campaign that had none before there were any stands.
        return found | {"winner_rule": self.rule.model_dump()} if self.rule else found

    def draw(self, seed: int, person: int | str) -> int | None:
        """Returns the number of the person's variant, from 1 on; None when the person is held back."""
        digest = blake2b(f"{seed}:{person}".encode(), digest_size=16).digest()
        if _percent(digest[8:]) < self.hold_back:
            return None
        # Another draw, so that a person has the same variant in follow-ups, which hold no one back.
        drawn = _percent(digest[:8])
        for number, variant in enumerate(self.variants[:-1], 1):
            drawn -= variant.share or 0
            if drawn < 0:
                return number
        return len(self.variants)

    def expected(self, messages: int) -> int:
        """Returns how many of so many messages are sent now, on average."""
        return round(messages * (100 - self.hold_back) / 100)


def _percent(drawn: bytes) -> float:
    """Returns eight random bytes as a number from 0 to 100."""
    return int.from_bytes(drawn) / 2**64 * 100


def seed_of(campaign: Campaign) -> int:
    """Returns what the draws depend on beside the person: a retry draws what its first campaign drew."""
    return campaign.root_id or campaign.id


def at_least(campaign: Campaign, messages: int) -> int:
    """Returns how many of so many messages are sent at the start for certain; all, unless some people are held back.

    Five standard deviations below the expected number, which one draw in three million would miss.
    """
    split = Split.of(campaign)
    if split is None or not split.hold_back:
        return messages
    expected = split.expected(messages)
    return max(1, int(expected - 5 * sqrt(expected)))


def check_size(campaign: Campaign, people: int) -> None:
    """Refuses, as TooFewRecipients, to hold back some of so few people that a part of them might be empty."""
    split = Split.of(campaign)
    if split is None or not split.hold_back:
        return
    tested = (100 - split.hold_back) * min(each.share or 0 for each in split.variants) / 100
    needed = ceil(FEWEST_PEOPLE * 100 / min(tested, split.hold_back))
    if people < needed:
        raise TooFewRecipients(
            f"hold_back: the audience has {counted(people, 'person', 'people')}, and this test needs at least "
            f"{needed:,}, so that about {FEWEST_PEOPLE} get each text and as many are held back. Send "
            "one text, or hold no one back.",
            field="hold_back",
            people=people,
            needed=needed,
        )


def written_texts(campaign: Campaign) -> list[str]:
    """Returns the campaign's text, or all that it compares, as they were written."""
    split = Split.of(campaign)
    return [each.text for each in split.variants] if split else [campaign.template]


def templates_of(campaign: Campaign, *, mark: str = "") -> list[CompiledTemplate]:
    """Returns the same compiled, each with what fills its template's header and buttons."""
    return [compiled(text, campaign.whatsapp_components, mark=mark) for text in written_texts(campaign)]


def checked_split(
    account_id: UUID,
    variants: Sequence[Variant] | None,
    *,
    hold_back: int,
    whatsapp_template: str | None,
    rule: WinnerRule | None = None,
    track_links: bool = False,
) -> Split | None:
    """Returns the texts that are compared, each with its share, or None; InvalidRequest says what cannot be used."""
    if variants is None:
        if hold_back or rule:
            field = "hold_back" if hold_back else "winner_rule"
            raise InvalidRequest(f"{field} goes with variants only.", field=field)
        return None
    if whatsapp_template is not None:
        raise InvalidRequest(
            "A WhatsApp template has the one text that was approved; make a campaign for each template instead of "
            "variants.",
            field="variants",
        )
    if not FEWEST <= len(variants) <= MOST:
        raise InvalidRequest(f"Give {FEWEST} to {MOST} variants; given: {len(variants)}.", field="variants")
    if not 0 <= hold_back <= MOST_HELD_BACK:
        raise InvalidRequest(
            f"hold_back is 0 to {MOST_HELD_BACK}, in percent of the audience; given: {hold_back}.", field="hold_back"
        )
    check_rule(rule, hold_back=hold_back, track_links=track_links)
    texts = [_checked_text(account_id, place, each.text) for place, each in enumerate(variants, 1)]
    for place, text in enumerate(texts, 1):
        if (first := [other.strip() for other in texts].index(text.strip()) + 1) != place:
            raise InvalidRequest(f"Variants {first} and {place} have the same text.", field="variants", variant=place)
    shares = _checked_shares([each.share for each in variants])
    made = (Variant(text=text, share=share) for text, share in zip(texts, shares, strict=True))
    return Split(tuple(made), hold_back, rule)


def _checked_text(account_id: UUID, place: int, text: str) -> str:
    text = composed(text)
    if is_blank(text):
        raise InvalidTemplate(f"Variant {place} has no text; write one.", field="variants", variant=place)
    try:
        compile_for(account_id, text)
    except InvalidTemplate as problem:
        details = {**problem.details, "field": "variants", "variant": place}
        raise InvalidTemplate(f"Variant {place}: {problem.message}", **details) from None
    return text


def _checked_shares(shares: Sequence[int | None]) -> list[int]:
    """Returns each share in percent; the first ones get one more where 100 cannot be divided."""
    if all(share is None for share in shares):
        each, rest = divmod(100, len(shares))
        return [each + (place < rest) for place in range(len(shares))]
    given = [share for share in shares if share is not None]
    if len(given) < len(shares):
        raise InvalidRequest("Give every variant a share, or none of them.", field="variants")
    if min(given) < 1:
        raise InvalidRequest("The share of a variant is at least 1 percent.", field="variants")
    if sum(given) != 100:
        raise InvalidRequest(f"The shares of the variants add up to {sum(given)} percent, not 100.", field="variants")
    return given
