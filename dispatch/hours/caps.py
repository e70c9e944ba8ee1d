"""When a person may get one more message without getting too many in a day or a week, in hours that allow it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dispatch.hours.slots import Hours, Slot, slot_after
from dispatch.hours.zones import Place
from models.messages.caps import DAY, WEEK, Caps


def first_within(caps: Caps, times: Sequence[datetime], at: datetime) -> datetime:
    """Returns the first moment from `at` on at which one more message beside those at `times` keeps both caps.

    A cap counts any 24 hours, and any 7 days: also those that end after a message that is already planned.
    """
    limits = [(DAY, caps.cap_per_day), (WEEK, caps.cap_per_week)]
    moments = {at} | {time + span for time in times for span, most in limits if most is not None}
    return min(
        moment
        for moment in moments
        if moment >= at and all(most is None or _fits(times, moment, span, most) for span, most in limits)
    )


def slot_within(
    hours: Hours, place: Place, caps: Caps | None, times: Sequence[datetime], *, earliest: datetime, before: datetime
) -> Slot | None:
    """Returns the first time from `earliest` on that keeps both the hours and the caps.

    None when the caps leave none `before` then, or the hours leave none in a month. `times` are those of the
    recipient's other messages.
    """
    at = earliest
    while at < before:
        wanted = first_within(caps, times, at) if caps else at
        slot = slot_after(hours, place, wanted)
        if slot is None:
            return None
        if caps is None or slot.start == wanted:
            return slot
        at = slot.start
    return None


def _fits(times: Sequence[datetime], moment: datetime, span: timedelta, most: int) -> bool:
    """Whether every stretch of this length that contains the moment has fewer than `most` of the times."""
    starts = [time for time in times if moment - span < time <= moment] + [moment]
    return all(sum(start <= time < start + span for time in times) < most for start in starts)
