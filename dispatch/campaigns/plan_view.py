"""A campaign's plan as people see it before it starts: how many are reached when, and who is held back why."""

from dataclasses import dataclass
from datetime import datetime
from math import ceil

from pydantic import Field

from dispatch.audience.previews import ExcludedView
from dispatch.campaigns.preview_view import PreviewView
from dispatch.formats.view import Time, View


class PlannedZoneView(View):
    """The people of one zone who are reached in the same stretch of time; a zone may have several."""

    zone: str = Field(description="whose clock counts for these people")
    recipients: int
    first_at: Time = Field(description="when the first of them may be messaged, with the offset of the zone")
    until: Time = Field(description="when their hours end, or the campaign expires; the rest waits for the next hours")


class HeldBackView(View):
    """How many people are not reached at the start, by reason; each is counted once."""

    opted_out: int = Field(description="not reached: unsubscribed, or the number is suppressed")
    not_mobile: int = Field(description="not reached: the number is of a kind that gets no texts, such as a landline")
    country_not_allowed: int = Field(
        0,
        exclude_if=lambda people: not people,
        description="not reached: an operator lets the account not send to the country; left out if there is no one",
    )
    frequency_cap: int = Field(description="have had enough messages: skipped, or put off if the account chose that")
    expired: int = Field(description="not reached: their hours begin after the campaign expires")
    local_time: int = Field(description="reached later, when their clock shows the campaign's local time")
    holidays: int = Field(description="reached later, after a public holiday")
    window: int = Field(description="reached later, when the window opens")
    quiet_hours: int = Field(description="reached later, when their quiet hours end")


class PlanView(View):
    """Who is reached when; zones in the order of their times."""

    starts_at: Time = Field(description="the campaign's time, or now if it has none or it has passed")
    expires_at: Time
    zones: list[PlannedZoneView]
    held_back: HeldBackView


# Why people of the audience get no message, whenever it starts.
_EXCLUDED = ("opted_out", "not_mobile", "country_not_allowed", "blank_text")


@dataclass(frozen=True, slots=True)
class StartPlan:
    """What a start would do now: the texts and their price, who is excluded, and who is reached when."""

    preview: PreviewView
    excluded: ExcludedView
    plan: PlanView
    #: Whether people who have had enough messages get this one later, instead of not at all.
    puts_off: bool

    @property
    def capped(self) -> int:
        """Returns how many have had as many messages as the account's caps allow."""
        return self.plan.held_back.frequency_cap

    @property
    def unreached(self) -> int:
        """Returns how many get none because of the time: above a cap that skips, or with hours after its expiry."""
        return self.plan.held_back.expired + (0 if self.puts_off else self.capped)

    def who_gets_none(self) -> dict[str, int]:
        """Returns how many people get none, by reason; reasons of no one are left out."""
        found = {name: getattr(self.excluded, name) for name in _EXCLUDED}
        found |= {"frequency_cap": 0 if self.puts_off else self.capped, "expired": self.plan.held_back.expired}
        return {name: people for name, people in found.items() if people}

    def people_and_credits(self, *, compares: bool) -> tuple[int, int]:
        """Returns how many get a text at first, and what that costs; with texts that are compared it is their part."""
        estimate = self.preview.estimate
        if compares or not self.unreached or not estimate.recipients:
            return estimate.recipients, estimate.credits
        people = max(estimate.recipients - self.unreached, 0)
        return people, ceil(estimate.credits * people / estimate.recipients)

    @property
    def later(self) -> int:
        """Returns how many are reached after the start only, by their hours."""
        return sum(each.recipients for each in self.plan.zones if each.first_at > self.plan.starts_at)

    @property
    def at_once(self) -> int:
        """Returns how many are reached as soon as it starts."""
        return sum(each.recipients for each in self.plan.zones) - self.later

    @property
    def later_from(self) -> datetime | None:
        """Returns when the first of those who are reached later are; None if there are none."""
        return min((each.first_at for each in self.plan.zones if each.first_at > self.plan.starts_at), default=None)
