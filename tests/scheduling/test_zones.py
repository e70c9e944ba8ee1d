"""Every change of every IANA zone from 2020 to 2037: a time is due once, never early, never when no clock shows it."""

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest

from scheduling.cron import read_cron
from scheduling.zones import instant_of, last_instant_of, stretches, wall_clock, zone_called
from tests.zone_changes import END, START, ZONES, changes

HOUR, QUARTER = timedelta(hours=1), timedelta(minutes=15)


def shown_around(change, zone):
    """Every quarter of an hour of the two days around a change, and what the clock shows then, by the standard library.

    Since 2020 every offset is a multiple of a quarter of an hour.
    """
    whole = change.replace(minute=change.minute // 15 * 15)
    instants = [whole + n * QUARTER for n in range(-26 * 4, 26 * 4)]
    return [(instant, instant.astimezone(zone).replace(tzinfo=None, fold=0)) for instant in instants]


def due(fields, start, end, zone):
    return list(takewhile(lambda instant: instant <= end, read_cron(fields).instants(start, zone)))


@pytest.mark.parametrize("name", ZONES)
def test_around_every_change_each_time_is_due_once_and_intervals_go_on(name):
    zone = ZoneInfo(name)
    for change in changes(zone):
        shown = shown_around(change, zone)
        start, end = shown[0][0], shown[-1][0]
        firsts = {}
        for instant, wall in shown:
            firsts.setdefault(wall, instant)

        hours = sorted({wall.hour for instant, wall in shown if abs(instant - change) <= 2 * HOUR})
        quarters = due(f"*/15 {','.join(map(str, hours))} * * *", start, end, zone)
        assert quarters == [instant for instant, wall in shown[1:] if wall.hour in hours], f"{change}: intervals"

        named, wall = set(), shown[1][1]
        while wall <= shown[-1][1]:
            if wall.hour in hours:
                named.add(wall)
            wall += QUARTER
        times_of_day = due(f"0,15,30,45 {','.join(map(str, hours))} * * *", start, end, zone)
        assert times_of_day == sorted({firsts.get(wall, change) for wall in named}), f"{change}: times of the day"


@pytest.mark.parametrize("name", ZONES)
def test_around_every_change_a_wall_clock_means_the_first_and_the_last_instant_at_which_it_is_shown(name):
    zone = ZoneInfo(name)
    for change in changes(zone):
        shown = [(instant, wall) for instant, wall in shown_around(change, zone) if abs(instant - change) <= 4 * HOUR]
        lasts = {wall: instant for instant, wall in shown}
        firsts = {wall: instant for instant, wall in reversed(shown)}
        # Nearer to the ends of what was looked at, the other instant may lie outside.
        walls = {wall for instant, wall in shown if abs(instant - change) <= 2 * HOUR}
        assert {wall: instant_of(wall, zone) for wall in walls} == {wall: firsts[wall] for wall in walls}
        assert {wall: last_instant_of(wall, zone) for wall in walls} == {wall: lasts[wall] for wall in walls}
        skipped = wall_clock(change, zone) - QUARTER
        if skipped not in lasts:
            assert instant_of(skipped, zone) == last_instant_of(skipped, zone) == change


@pytest.mark.parametrize("name", ZONES)
def test_stretches_are_divided_where_the_clock_is_changed(name):
    zone = ZoneInfo(name)
    pieces = list(stretches(START, END, zone))
    assert [start for start, _, _ in pieces] == [START, *changes(zone)]
    assert [end for _, end, _ in pieces] == [*changes(zone), END]
    assert all(start.astimezone(zone).utcoffset() == offset for start, _, offset in pieces)


def test_a_year_of_a_zone_that_changes_twice_has_one_run_a_day():
    zone = zone_called("Europe/Athens")
    runs = due("30 3 * * *", datetime(2029, 12, 31, 22, tzinfo=UTC), datetime(2030, 12, 31, 22, tzinfo=UTC), zone)
    days = [run.astimezone(zone).date() for run in runs]
    assert len(runs) == len(set(days)) == 365
    off = [run.astimezone(zone) for run in runs if run.astimezone(zone).strftime("%H:%M") != "03:30"]
    assert [run.isoformat() for run in off] == ["2030-03-31T04:00:00+03:00"]


def test_a_time_that_the_clock_shows_twice_is_not_due_again_when_asked_in_between():
    zone = zone_called("Europe/Athens")
    second_half_past_three = datetime(2030, 10, 27, 1, 30, tzinfo=UTC)
    following = next(read_cron("45 3 * * *").instants(second_half_past_three, zone))
    assert following == instant_of(datetime(2030, 10, 28, 3, 45), zone)  # noqa: DTZ001 - a wall clock


def test_a_change_at_midnight_keeps_the_first_hours_of_a_chosen_day():
    zone = zone_called("Asia/Beirut")
    [change, *_] = [at for at in changes(zone) if at > datetime(2030, 1, 1, tzinfo=UTC)]
    assert change.astimezone(zone).strftime("%a %H:%M") == "Sun 01:00"
    runs = due("*/15 1-2 * * SUN", change - HOUR, change + 2 * HOUR, zone)
    assert runs[:8] == [change + n * QUARTER for n in range(8)]


def test_a_day_that_is_both_the_day_of_month_and_the_weekday_is_due_once_where_the_clock_shows_the_time_twice():
    zone = zone_called("Europe/Berlin")
    start, end = datetime(2027, 10, 24, 12, tzinfo=UTC), datetime(2027, 11, 8, tzinfo=UTC)
    assert [change for change in changes(zone) if start < change < end] == [datetime(2027, 10, 31, 1, tzinfo=UTC)]
    runs = due("30 2 31 * SUN", start, end, zone)
    assert [run.astimezone(zone).isoformat() for run in runs] == [
        "2027-10-31T02:30:00+02:00",
        "2027-11-07T02:30:00+01:00",
    ]
    for asked_at in (datetime(2027, 10, 31, 0, 30, tzinfo=UTC), datetime(2027, 10, 31, 1, 29, tzinfo=UTC)):
        assert due("30 2 31 * SUN", asked_at, end, zone) == runs[1:]
