"""Finds another time for messages whose hours ended before they could be sent, or whose recipient has had enough."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from dispatch.hours.caps import slot_within
from dispatch.hours.plan import Plan
from dispatch.hours.slots import Slot
from models.campaigns.hours import hours_of
from models.database import database_now
from models.messages import claiming
from models.messages.caps import Caps, times_of
from models.messages.claiming import Late, NewTime

log = structlog.get_logger()


def put_off(campaign_id: int, batch: int, token: int, late: Sequence[Late], caps: Caps | None) -> None:
    """Writes the next time for each message of a batch that is held by this token.

    A campaign's local time has come already, so what counts now are its window, holidays and quiet hours. A message for
    which there is no time before the campaign expires waits for that, and is then skipped as expired.
    """
    plan = Plan.of(hours_of(campaign_id))
    hours = replace(plan.hours, local_time=None)
    soonest = database_now() + timedelta(seconds=claiming.MARGIN_SEC)
    times = times_of(caps, campaign_id, [message.phone for message in late]) if caps else {}
    new_times = []
    for message in late:
        place, got = plan.place_of(message.phone, message.zone), times.get(message.phone, [])
        slot = slot_within(hours, place, caps, got, earliest=soonest, before=plan.expires_at)
        start, end = slot or Slot(plan.expires_at, None)
        new_times.append(NewTime(message.n, start, end))
    claiming.postpone(campaign_id, batch, token, new_times)
    log.info("messages.put_off", messages=len(late))
