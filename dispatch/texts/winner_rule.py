"""The rule by which a campaign sends the best of its texts to those whom it held back, without anyone asking."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Strict

from dispatch.errors import InvalidRequest

Measure = Literal["delivered", "clicked", "replied", "opted_out"]
IfTooEarly = Literal["wait", "leading"]

# Replies, clicks and receipts come within days, and after a week a text says something that is no longer true.
LEAST_HOURS, MOST_HOURS = 1, 7 * 24


class WinnerRule(BaseModel):
    """When a campaign's best text is sent to those who were held back, and what makes it the best."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    after_hours: Annotated[int, Strict()] = Field(
        ge=LEAST_HOURS, le=MOST_HOURS, description="decides so many hours after the campaign has completed"
    )
    by: Measure = Field(description="what decides; of opted_out the least is best")
    if_too_early: IfTooEarly = Field(
        "wait", description="when the figures may be chance: send nothing, or the text that leads"
    )


def check_rule(rule: WinnerRule | None, *, hold_back: int, track_links: bool) -> None:
    """Refuses, as InvalidRequest, a rule that could never send anything or be decided."""
    if rule is None:
        return
    if not hold_back:
        raise InvalidRequest("winner_rule goes with hold_back: without it no one waits.", field="winner_rule")
    if rule.by == "clicked" and not track_links:
        raise InvalidRequest("To decide by clicks the campaign has to track its links.", field="winner_rule")
