"""How often a person may be messaged: the first moment that keeps both caps."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.hours.caps import first_within
from models.messages.caps import DAY, WEEK, Caps

NOON = datetime(2030, 1, 7, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def caps(*, per_day: int | None = None, per_week: int | None = None) -> Caps:
    return Caps(account_id=uuid4(), cap_per_day=per_day, cap_per_week=per_week, over_cap="defer")


@pytest.mark.parametrize(
    ("limits", "times", "expected"),
    [
        ({"per_day": 1}, [], NOON),
        ({"per_day": 1}, [NOON - HOUR], NOON + 23 * HOUR),
        ({"per_day": 1}, [NOON - DAY], NOON),
        ({"per_day": 2}, [NOON - HOUR], NOON),
        ({"per_day": 2}, [NOON - HOUR, NOON - 2 * HOUR], NOON + 22 * HOUR),
        # One that is planned for the evening counts too: both would come within a day.
        ({"per_day": 1}, [NOON + 8 * HOUR], NOON + 32 * HOUR),
        ({"per_day": 1}, [NOON + DAY], NOON),
        ({"per_week": 1}, [NOON - 2 * DAY], NOON + 5 * DAY),
        ({"per_day": 1, "per_week": 2}, [NOON - HOUR, NOON - 2 * DAY], NOON + 5 * DAY),
    ],
)
def test_the_first_moment_within_the_caps(limits, times, expected):
    assert first_within(caps(**limits), times, NOON) == expected


def most_within(times: list[datetime], span: timedelta) -> int:
    return max((sum(start <= time < start + span for time in times) for start in times), default=0)


@given(
    st.lists(st.integers(-7 * 24, 7 * 24), max_size=12),
    st.integers(1, 4) | st.none(),
    st.integers(1, 6) | st.none(),
)
def test_one_more_never_exceeds_a_cap_and_comes_as_early_as_it_can(hours, per_day, per_week):
    # What is planned already keeps the caps, as it was planned by the same rule.
    times: list[datetime] = []
    for hour in hours:
        moment = NOON + hour * HOUR
        if _kept([*times, moment], per_day, per_week):
            times.append(moment)
    found = first_within(caps(per_day=per_day, per_week=per_week), times, NOON)
    assert found >= NOON
    assert _kept([*times, found], per_day, per_week)
    earlier = NOON
    while earlier < found:
        assert not _kept([*times, earlier], per_day, per_week)
        earlier += HOUR


def _limits(per_day: int | None, per_week: int | None) -> list[tuple[timedelta, int | None]]:
    return [(DAY, per_day), (WEEK, per_week)]


def _kept(times: list[datetime], per_day: int | None, per_week: int | None) -> bool:
    return all(most is None or most_within(times, span) <= most for span, most in _limits(per_day, per_week))
