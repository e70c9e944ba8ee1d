"""Keeps an account's caps while a campaign's messages are written: skips or puts off those above one.

A message that has to wait is written with its time, and its batch with the earliest time of its messages: nothing looks
at either until then.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from dispatch.hours.caps import first_within, slot_within
from dispatch.hours.plan import Plan
from models.messages.caps import Caps, lock_caps, times_of
from models.messages.writing import MessageRow, NewMessage


def keep_caps(plan: Plan, caps: Caps, campaign_id: int, rows: Iterable[MessageRow]) -> list[NewMessage]:
    """Returns the messages with those above a cap skipped or put off, as the account chose.

    Runs in the transaction that writes them, under a lock, so that two campaigns do not overlook each other.
    """
    messages = list(map(NewMessage._make, rows))
    lock_caps(caps.account_id)
    times = times_of(
        caps, campaign_id, [message.phone for message in messages if message.phone and message.state == "pending"]
    )
    return [_within(plan, caps, message, times) for message in messages]


def _within(plan: Plan, caps: Caps, message: NewMessage, others: Mapping[str, Sequence[datetime]]) -> NewMessage:
    if message.phone is None or message.state != "pending" or message.phone not in others:
        return message
    times = others[message.phone]
    wanted = message.not_before or plan.started_at
    if first_within(caps, times, wanted) == wanted:
        return message
    slot = None
    if caps.over_cap == "defer":
        place = plan.place_of(message.phone, message.zone)
        slot = slot_within(plan.hours, place, caps, times, earliest=wanted, before=plan.expires_at)
    if slot is None or slot.start >= plan.expires_at:
        return message._replace(state="skipped", reason="frequency_cap", not_before=None, send_until=None)
    return message._replace(not_before=slot.start, send_until=slot.end)
