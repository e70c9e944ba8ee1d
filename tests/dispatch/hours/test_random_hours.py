"""Any hours, zone and instant: the slot is the one that a person who watches the clock would find."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.hours.quiet import quiet_in
from dispatch.hours.slots import Hours, slot_after
from dispatch.hours.window import SendWindow
from dispatch.hours.zones import Place
from tests.dispatch.hours.model import MINUTE, Clock, allowed, next_allowed, next_at
from tests.zone_changes import ZONES

DAYS, MINUTES_OF_A_DAY = 11, 24 * 60

minutes = st.integers(0, MINUTES_OF_A_DAY - 1).map(lambda minute: time(minute // 60, minute % 60))
pairs = st.tuples(minutes, minutes).filter(lambda pair: pair[0] != pair[1])
windows = st.builds(
    lambda days, pair: SendWindow(days, min(pair), max(pair) if max(pair) < time(23, 50) else None),
    st.frozensets(st.integers(0, 6), min_size=1),
    pairs,
)
quiet_hours = st.one_of(st.sampled_from(["off", "default"]), pairs.map(lambda pair: f"{pair[0]:%H:%M}-{pair[1]:%H:%M}"))
hours = st.builds(Hours, st.none() | windows, quiet_hours, st.none(), st.none() | minutes)
instants = st.integers(0, 18 * 366 * MINUTES_OF_A_DAY).map(lambda n: datetime(2020, 1, 1, tzinfo=UTC) + n * MINUTE)


@settings(max_examples=200, deadline=None)
@given(hours, st.sampled_from(ZONES), st.sampled_from([None, "US", "GR"]), instants)
def test_a_slot_is_the_first_run_of_minutes_at_which_a_clock_on_the_wall_allows(given_hours, zone, region, earliest):
    clock = Clock.of(zone, earliest - timedelta(days=2), DAYS * MINUTES_OF_A_DAY)
    may = allowed(clock, given_hours.window, quiet_in(given_hours.quiet, region))
    asked, last = clock.minute(earliest), (DAYS - 1) * MINUTES_OF_A_DAY
    if given_hours.local_time is None:
        start = next_allowed(may, asked)
    else:
        start = next_at(clock, given_hours.local_time, may, asked)
    start = last if start is None else min(start, last)
    end = start
    while end < last and may[end]:
        end += 1

    slot = slot_after(given_hours, Place(zone, region), earliest)

    if start == last:
        assert slot is None or slot.start >= clock.instant(last)
    else:
        assert slot.start == clock.instant(start)
        assert (slot.end or clock.instant(last)) >= clock.instant(end)
        assert end == last or slot.end == clock.instant(end)
