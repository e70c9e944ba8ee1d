"""Decides, while a campaign's messages are written, when each may be sent, and which are not sent at all.

A message that has to wait is written with its time, and its batch with the earliest time of its messages: nothing looks
at either until then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from dispatch.hours.caps import first_within
from dispatch.hours.slots import Hours, Planner, slot_after
from dispatch.hours.timetable import hours_in
from dispatch.hours.zones import place_of
from models.campaigns.hours import CampaignHours
from models.messages.caps import Caps, lock_caps, times_of
from models.messages.writing import NewMessage


class Due(NamedTuple):
    """When one message may be sent: from `not_before` on, until `send_until`, by the clocks of `zone`."""

    not_before: datetime | None = None
    send_until: datetime | None = None
    zone: str | None = None
    #: Why it is not sent at all.
    skipped: str | None = None


NOW = Due()


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
        """Returns the plan of a campaign that has been claimed."""
        if campaign.started_at is None or campaign.expires_at is None:
            raise LookupError("a campaign that was claimed has no start or no end")
        hours = hours_in(campaign)
        planner = Planner(hours, campaign.started_at)
        return cls(hours, planner, campaign.account_zone, campaign.started_at, campaign.expires_at)

    def due(self, person: Mapping[str, Any]) -> Due:
        """Returns when this recipient may be messaged."""
        if not self.hours.anything:
            return NOW
        place = place_of(person["phone"], own_zone=person["zone"], account_zone=self.account_zone)
        slot = self.planner.slot(place)
        if slot is None or slot.start >= self.expires_at:
            return Due(skipped="expired")
        return Due(slot.start if slot.start > self.started_at else None, slot.end, place.zone)


def keep_caps(plan: Plan, caps: Caps, campaign_id: int, messages: Sequence[NewMessage]) -> list[NewMessage]:
    """Returns the messages with those above a cap skipped or put off, as the account chose.

    Runs in the transaction that writes them, under a lock, so that two campaigns do not overlook each other.
    """
    lock_caps(caps.account_id)
    times = times_of(caps, campaign_id, [message.phone for message in messages if message.state == "pending"])
    return [_within(plan, caps, message, times.get(message.phone, [])) for message in messages]


def _within(plan: Plan, caps: Caps, message: NewMessage, times: Sequence[datetime]) -> NewMessage:
    if not times or message.state != "pending":
        return message
    wanted = message.not_before or plan.started_at
    moment = first_within(caps, times, wanted)
    if moment == wanted:
        return message
    if caps.over_cap == "skip":
        return _skipped(message, "frequency_cap")
    place = place_of(message.phone, own_zone=message.zone, account_zone=plan.account_zone)
    while slot := slot_after(plan.hours, place, moment):
        moment = first_within(caps, times, slot.start)
        if moment >= plan.expires_at:
            break
        if moment == slot.start:
            return message._replace(not_before=slot.start, send_until=slot.end)
    return _skipped(message, "frequency_cap")


def _skipped(message: NewMessage, reason: str) -> NewMessage:
    """Returns the message as one that is not sent, for this reason."""
    return message._replace(state="skipped", reason=reason, not_before=None, send_until=None)
