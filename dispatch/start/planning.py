"""Keeps an account's caps while a campaign's messages are written: skips or puts off those above one.

A message that has to wait is written with its time, and its batch with the earliest time of its messages: nothing looks
at either until then.
"""

from collections.abc import Sequence
from datetime import datetime

from dispatch.hours.caps import first_within
from dispatch.hours.plan import Plan
from dispatch.hours.slots import slot_after
from models.messages.caps import Caps, lock_caps, times_of
from models.messages.writing import NewMessage


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
    place = plan.place_of(message.phone, message.zone)
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
