"""When a campaign starts and may reach people, as the form has it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from api.console import forms
from api.console.campaign_form.repeated import Repeated
from api.console.inputs import whole_number
from dispatch.campaigns.schedule_view import Repeats
from dispatch.campaigns.timing import GRACE_SEC
from dispatch.campaigns.view import CampaignView
from dispatch.errors import InvalidRequest
from dispatch.formats.times import read_time

_MINUTE = 60
_OWN_CLOCK = ("local_time", "send_window", "holidays")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """What the fields of the form contain: local times as browsers write them, and whose clocks show them."""

    when: str = ""
    zone: str = "UTC"
    repeated: Repeated = field(default_factory=Repeated)
    expires: str = ""
    local_time: str = ""
    send_window: str = ""
    holidays: str = ""
    #: How many minutes late it may start.
    grace: str = str(GRACE_SEC // _MINUTE)

    @classmethod
    def of_form(cls) -> "Timed":
        """Returns what was typed."""
        names = ("when", "expires", *_OWN_CLOCK)
        return cls(
            zone=forms.typed("zone", "UTC").strip(),
            repeated=Repeated.of_form(),
            grace=forms.typed("grace", cls().grace).strip(),
            **{name: forms.typed(name).strip() for name in names},
        )

    @classmethod
    def of_campaign(cls, campaign: CampaignView, repeats: Repeats | None, zone: str) -> "Timed":
        """Returns what the form shows of a campaign; a recurring one's times are by its own clocks."""
        zone = repeats.timezone if repeats else zone
        ends = campaign.expires_at
        return cls(
            zone=zone,
            repeated=Repeated.of(repeats),
            expires=f"{ends.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}" if ends else "",
            grace=str(campaign.grace_sec // _MINUTE),
            **{name: getattr(campaign, name) or "" for name in _OWN_CLOCK},
        )

    @property
    def are_limited(self) -> bool:
        """Whether something limits when people may be reached."""
        return replace(self, when="", zone="UTC", repeated=Repeated()) != Timed()

    def starts_at(self) -> datetime | None:
        """Returns the time that is typed, None for none; InvalidRequest when it is no time or the zone no zone."""
        if self.when and self.repeated.how:
            raise InvalidRequest("It starts once, at a time, or again and again; clear one of the two.", field="when")
        return self._time(self.when, "when")

    def repeats(self) -> Repeats | None:
        """Returns when it starts again and again; None if it does not."""
        return self.repeated.chosen(self.zone)

    def limits(self) -> dict[str, Any]:
        """Returns what limits when people may be reached, as a draft names it."""
        return {
            "expires_at": self._time(self.expires, "expires"),
            "grace_sec": whole_number(self.grace, "How many minutes late it may start", field="grace_sec") * _MINUTE,
            **{name: getattr(self, name) or None for name in _OWN_CLOCK},
        }

    def changed_limits(self, shown: "Timed") -> dict[str, Any]:
        """Returns those that are not as the form showed them of the campaign."""
        same = {name for name in _OWN_CLOCK if getattr(self, name) == getattr(shown, name)}
        if self.grace == shown.grace:
            same.add("grace_sec")
        if self.expires == shown.expires and (self.zone == shown.zone or not self.expires):
            same.add("expires_at")
        return {name: value for name, value in self.limits().items() if name not in same}

    def _time(self, text: str, name: str) -> datetime | None:
        if not text:
            return None
        try:
            return read_time(f"{text} {self.zone}")
        except ValueError as problem:
            raise InvalidRequest(f"The time cannot be used: {problem}.", field=name) from None
