"""When a person may get one more message without getting too many in a day or a week."""

from collections.abc import Sequence
from datetime import datetime, timedelta

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


def _fits(times: Sequence[datetime], moment: datetime, span: timedelta, most: int) -> bool:
    """Whether every stretch of this length that contains the moment has fewer than `most` of the times."""
    starts = [time for time in times if moment - span < time <= moment] + [moment]
    return all(sum(start <= time < start + span for time in times) < most for start in starts)
