"""Gives another time to messages whose hours ended before they could be sent, or whose recipient has had enough."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from dispatch.hours.caps import first_within
from dispatch.hours.slots import Slot, slot_after
from dispatch.hours.timetable import hours_in
from dispatch.hours.zones import place_of
from models.campaigns.hours import CampaignHours, hours_of
from models.database import database_now
from models.messages import claiming
from models.messages.caps import WEEK, Caps, times_of
from models.messages.claiming import Late, NewTime

log = structlog.get_logger()


def put_off(campaign_id: int, late: Sequence[Late], caps: Caps | None) -> None:
    """Writes the next time for each message, in the transaction of the claim that found them.

    A campaign's local time has come already, so what counts now are its window, holidays and quiet hours. A message for
    which there is no time before the campaign expires waits for that, and is then skipped as expired.
    """
    campaign = hours_of(campaign_id)
    soonest = database_now() + timedelta(seconds=claiming.MARGIN_SEC)
    times = times_of(caps, campaign_id, [message.phone for message in late]) if caps else {}
    new_times = []
    for message in late:
        slot = _next_slot(campaign, message, soonest, caps, times.get(message.phone, []))
        new_times.append(NewTime(message.n, slot.start, slot.end))
    claiming.postpone(campaign_id, new_times)
    log.info("messages.put_off", messages=len(late))


def _next_slot(
    campaign: CampaignHours, message: Late, soonest: datetime, caps: Caps | None, times: Sequence[datetime]
) -> Slot:
    hours = replace(hours_in(campaign), local_time=None)
    place = place_of(message.phone, own_zone=message.zone, account_zone=campaign.account_zone)
    last = campaign.expires_at or soonest + WEEK
    start = soonest
    while start < last:
        wanted = first_within(caps, times, start) if caps else start
        slot = slot_after(hours, place, wanted)
        if slot is None:
            break
        if caps is None or slot.start == wanted:
            return slot
        start = slot.start
    return Slot(last, None)
