"""Every change of every IANA zone from 2020 to 2037: nobody is messaged early, at night, or outside the window."""

from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest

from dispatch.hours.quiet import quiet_in
from dispatch.hours.slots import Hours, slot_after
from dispatch.hours.window import SendWindow
from dispatch.hours.zones import Place
from tests.dispatch.hours.model import MINUTE, Clock, allowed, next_allowed, shows
from tests.zone_changes import ZONES, changes

HOUR = timedelta(hours=1)
#: Nights, and quiet hours that begin, end or lie where clocks are changed.
QUIET = ["22:00-09:00", "00:00-02:30", "02:30-03:30", "23:30-00:30", "01:00-02:00"]
#: Windows on the day of the change, or on every day.
WINDOWS = [(time(1, 30), time(3, 30)), (time(2), time(3)), (time(0), None), (time(23, 30), None)]
ASKED_AT = [-12 * HOUR, -MINUTE, timedelta(), MINUTE, HOUR / 2, HOUR]


def kinds_of_changes(name):
    """One change of the zone for each way in which its clock changes; the years differ in the date only."""
    zone, kinds = ZoneInfo(name), {}
    for change in changes(zone):
        before, after = (at.astimezone(zone) for at in (change - MINUTE, change))
        kinds[before.utcoffset(), after.utcoffset(), after.time()] = change
    return list(kinds.values())


CHANGES = [(name, change) for name in ZONES for change in kinds_of_changes(name)]


@lru_cache(maxsize=len(CHANGES))
def around(name, change):
    return Clock.of(name, change - 50 * HOUR, 100 * 60)


def slots_between(hours, place, start, end):
    """All allowed minutes, as they are found by asking again at each end."""
    minutes, at = [], start
    while (slot := slot_after(hours, place, at)).start < end:
        assert slot.start >= at
        stop = min(slot.end or end, end)
        minutes += [slot.start + n * MINUTE for n in range((stop - slot.start) // MINUTE)]
        at = stop
        if at == end:
            break
    return minutes


@pytest.mark.parametrize(("name", "change"), CHANGES, ids=lambda value: str(value)[:40])
def test_around_every_change_the_slots_are_the_minutes_at_which_a_clock_on_the_wall_allows(name, change):
    clock = around(name, change)
    start, end, place = change - 26 * HOUR, change + 26 * HOUR, Place(name, None)
    day = frozenset({change.astimezone(ZoneInfo(name)).weekday()})
    cases = [Hours(None, quiet, None, None) for quiet in QUIET]
    cases += [Hours(SendWindow(frozenset(range(7)), *times), "off", None, None) for times in WINDOWS]
    cases += [Hours(SendWindow(day, time(0), None), "02:30-03:30", None, None)]
    for hours in cases:
        may = allowed(clock, hours.window, quiet_in(hours.quiet, None))
        expected = [clock.instant(n) for n in range(clock.minute(start), clock.minute(end)) if may[n]]
        assert slots_between(hours, place, start, end) == expected, hours


@pytest.mark.parametrize(("name", "change"), CHANGES, ids=lambda value: str(value)[:40])
def test_around_every_change_a_local_time_is_the_first_minute_at_which_the_clock_shows_or_has_skipped_it(name, change):
    clock, zone, place = around(name, change), ZoneInfo(name), Place(name, None)
    may = {quiet: allowed(clock, None, quiet_in(quiet, None)) for quiet in ("off", "02:30-03:30")}
    near = {(change + offset).astimezone(zone).time() for offset in (-HOUR, -HOUR / 2, -MINUTE, timedelta(), HOUR / 2)}
    skipped_or_repeated = (datetime.combine(change, (change - MINUTE).astimezone(zone).time()) + HOUR / 2).time()
    for local_time in {*near, skipped_or_repeated, time(10)}:
        showing = [n for n in range(1, len(clock.shown)) if shows(clock, local_time, n)]
        for offset in ASKED_AT:
            asked = clock.minute(change + offset)
            for quiet in may:
                slot = slot_after(Hours(None, quiet, None, local_time), place, change + offset)
                possible = [n for n in showing if n >= asked and may[quiet][n]]
                expected = possible[0] if possible else next_allowed(may[quiet], min(n for n in showing if n >= asked))
                assert clock.minute(slot.start) == expected, (local_time, quiet, offset)
