"""When each recipient of one campaign may be messaged, from its start to its end, and why not at once."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple

from dispatch.hours.slots import Hours, Planner, slot_after
from dispatch.hours.timetable import hours_in
from dispatch.hours.zones import Place, place_of
from models.campaigns.hours import CampaignHours


class Due(NamedTuple):
    """When one message may be sent: from `not_before` on, until `send_until`, by the clocks of `zone`."""

    not_before: datetime | None = None
    send_until: datetime | None = None
    zone: str | None = None
    #: Why it is not sent at all.
    skipped: str | None = None


NOW = Due()

Rule = Literal["local_time", "holidays", "window", "quiet_hours"]
_UNRESTRICTED = Hours(window=None, quiet="off", holidays=None, local_time=None)


@dataclass(frozen=True, slots=True)
class Plan:
    """The hours of one campaign, from its start on."""

    hours: Hours
    planner: Planner
    account_zone: str
    started_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, campaign: CampaignHours) -> "Plan":
        """Returns the plan of a campaign that has been claimed, or is looked at as if it had."""
        if campaign.started_at is None or campaign.expires_at is None:
            raise LookupError("a campaign that was claimed has no start or no end")
        hours = hours_in(campaign)
        planner = Planner(hours, campaign.started_at)
        return cls(hours, planner, campaign.account_zone, campaign.started_at, campaign.expires_at)

    def due(self, phone: str, own_zone: str | None) -> Due:
        """Returns when a recipient with this number may be messaged."""
        return self.due_at(self.place_of(phone, own_zone))

    def place_of(self, phone: str, own_zone: str | None) -> Place:
        """Returns where a recipient with this number is."""
        return place_of(phone, own_zone=own_zone, account_zone=self.account_zone)

    def due_at(self, place: Place) -> Due:
        """Returns when recipients at this place may be messaged."""
        slot = self.planner.slot(place)
        if slot is None or slot.start >= self.expires_at:
            return Due(skipped="expired")
        return Due(slot.start if slot.start > self.started_at else None, slot.end, place.zone)

    def waits_for(self, place: Place) -> Rule | None:
        """Returns the first rule by which recipients at this place may not be messaged at the start; None if they may.

        Each rule is looked at alone, as if there were no other: local time, holidays, window, quiet hours.
        """
        hours = self.hours
        alone: dict[Rule, Hours] = {
            "local_time": replace(_UNRESTRICTED, local_time=hours.local_time),
            "holidays": replace(_UNRESTRICTED, holidays=hours.holidays),
            "window": replace(_UNRESTRICTED, window=hours.window),
            "quiet_hours": replace(_UNRESTRICTED, quiet=hours.quiet),
        }
        for rule, restriction in alone.items():
            slot = slot_after(restriction, place, self.started_at)
            if slot is None or slot.start > self.started_at:
                return rule
        return None
