"""Several texts that a campaign compares, as the form has them: those beside its first, and how the best is chosen."""

from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from api.console import forms
from api.console.inputs import whole_number
from dispatch.campaigns.view import CampaignView
from dispatch.errors import InvalidRequest
from dispatch.texts.typography import with_replacements
from dispatch.texts.variants import MOST, Variant
from dispatch.texts.winner_rule import LEAST_HOURS, MOST_HOURS, WinnerRule

USUAL_HOURS = "24"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What the fields of the form contain, as it was typed."""

    #: The second text and those after it.
    others: tuple[str, ...] = ()
    #: In percent, of the first text and of each of the others; empty for equal ones.
    shares: tuple[str, ...] = ("",)
    hold_back: str = ""
    #: What decides which text those who were held back get; empty if a person does.
    by: str = ""
    after_hours: str = USUAL_HOURS
    if_too_early: str = "wait"

    @classmethod
    def of_form(cls) -> "Compared":
        """Returns what was typed, without the texts that are blank."""
        places = range(2, MOST + 1)
        others = [(text, forms.typed(f"share_{n}")) for n in places if (text := forms.typed(f"text_{n}")).strip()]
        return cls(
            others=tuple(text for text, _ in others),
            shares=(forms.typed("share_1").strip(), *(share.strip() for _, share in others)),
            hold_back=forms.typed("hold_back").strip(),
            by=forms.typed("winner_by"),
            after_hours=forms.typed("winner_after", USUAL_HOURS).strip(),
            if_too_early=forms.typed("winner_early", "wait"),
        )

    @classmethod
    def of_campaign(cls, campaign: CampaignView) -> "Compared":
        """Returns what the form shows of a campaign that is saved."""
        if not campaign.variants:
            return cls()
        rule = campaign.winner_rule
        return cls(
            others=tuple(each.text for each in campaign.variants[1:]),
            shares=tuple(str(each.share or "") for each in campaign.variants),
            hold_back=str(campaign.hold_back or ""),
            by=rule.by if rule else "",
            after_hours=str(rule.after_hours) if rule else USUAL_HOURS,
            if_too_early=rule.if_too_early if rule else "wait",
        )

    def rows(self) -> list[tuple[int, str, str]]:
        """Returns the place, the text and the share of each of the others, with those that are still empty."""
        texts = self.others + ("",) * (MOST - 1 - len(self.others))
        shares = self.shares[1:] + ("",) * (MOST - len(self.shares))
        return list(zip(range(2, MOST + 1), texts, shares, strict=True))

    def with_replacements(self) -> "Compared":
        """Returns it with the characters replaced that make a text more expensive."""
        return replace(self, others=tuple(map(with_replacements, self.others)))

    def as_fields(self, text: str) -> dict[str, Any]:
        """Returns the texts as a draft names them, `text` being the first; InvalidRequest for what cannot be used."""
        if not self.others:
            if self.hold_back or self.by:
                raise InvalidRequest("Write a second text before you hold anyone back.", field="hold_back")
            return {"template": text}
        shares = [
            whole_number(share, f"The share of text {place}", field=f"share_{place}") if share else None
            for place, share in enumerate(self.shares, 1)
        ]
        variants = [Variant(text=each, share=share) for each, share in zip((text, *self.others), shares, strict=True)]
        held = whole_number(self.hold_back, "“Hold back”", field="hold_back") if self.hold_back else 0
        return {"variants": variants, "hold_back": held, "winner_rule": self._rule()}

    def _rule(self) -> WinnerRule | None:
        if not self.by:
            return None
        hours = whole_number(self.after_hours, "The hours until the best text is sent", field="winner_after")
        try:
            return WinnerRule.model_validate({"after_hours": hours, "by": self.by, "if_too_early": self.if_too_early})
        except ValidationError:
            raise InvalidRequest(
                f"The best text is sent {LEAST_HOURS} to {MOST_HOURS} hours after the campaign, by one of the rules of "
                "the list.",
                field="winner_after",
            ) from None
