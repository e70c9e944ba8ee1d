"""The next allowed time of a recipient: how window, quiet hours, holidays and local time come together."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from dispatch.errors import InvalidRequest
from dispatch.hours.slots import Hours, Planner, Slot, check_possible, possible, slot_after
from dispatch.hours.window import read_window
from dispatch.hours.zones import Place

ATHENS, NEW_YORK = Place("Europe/Athens", "GR"), Place("America/New_York", "US")
MONDAY_NOON = datetime(2026, 3, 16, 12, tzinfo=UTC)


def hours(window=None, *, quiet="off", holidays=None, local=None):
    return Hours(read_window(window) if window else None, quiet, holidays, time.fromisoformat(local) if local else None)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_without_any_restriction_every_instant_is_allowed():
    assert not hours().anything
    assert slot_after(hours(), ATHENS, MONDAY_NOON) == Slot(MONDAY_NOON, None)


@pytest.mark.parametrize("given", [hours("Mon"), hours(quiet="default"), hours(holidays="GR"), hours(local="00:00")])
def test_each_restriction_is_something_to_plan(given):
    assert given.anything


def test_quiet_hours_end_by_the_clock_of_the_recipient_and_by_the_rule_of_the_country():
    night = utc("2026-03-16 06:30")
    assert slot_after(hours(quiet="default"), ATHENS, night) == Slot(utc("2026-03-16 07:00"), utc("2026-03-16 20:00"))
    assert slot_after(hours(quiet="default"), NEW_YORK, night) == Slot(utc("2026-03-16 12:00"), utc("2026-03-17 01:00"))


def test_an_instant_that_is_allowed_is_the_start():
    assert slot_after(hours(quiet="default"), ATHENS, MONDAY_NOON) == Slot(MONDAY_NOON, utc("2026-03-16 20:00"))


def test_a_window_waits_for_its_day_and_hour():
    found = slot_after(hours("Fri-Sat 10:00-12:00"), ATHENS, MONDAY_NOON)
    assert found == Slot(utc("2026-03-20 08:00"), utc("2026-03-20 10:00"))


def test_days_that_are_open_without_a_break_are_one_slot():
    assert slot_after(hours("Sat-Mon"), ATHENS, MONDAY_NOON) == Slot(MONDAY_NOON, utc("2026-03-16 22:00"))
    found = slot_after(hours("Sat-Mon"), ATHENS, utc("2026-03-17 12:00"))
    assert found == Slot(utc("2026-03-20 22:00"), utc("2026-03-23 22:00"))


def test_what_the_window_and_the_quiet_hours_both_allow_is_allowed():
    found = slot_after(hours("Mon-Fri 07:00-23:00", quiet="default"), ATHENS, utc("2026-03-20 21:00"))
    assert found == Slot(utc("2026-03-23 07:00"), utc("2026-03-23 20:00"))


def test_public_holidays_are_left_out_by_the_date_of_the_recipient():
    # 25 March is a holiday in Greece.
    eve = utc("2026-03-24 21:59")
    assert slot_after(hours(holidays="GR"), ATHENS, eve) == Slot(eve, utc("2026-03-24 22:00"))
    found = slot_after(hours(holidays="GR", quiet="default"), ATHENS, utc("2026-03-24 22:00"))
    assert found == Slot(utc("2026-03-26 07:00"), utc("2026-03-26 20:00"))
    assert slot_after(hours(holidays="GR"), NEW_YORK, utc("2026-03-25 03:00")).end == utc("2026-03-25 04:00")


def test_a_local_time_is_the_next_one_on_the_recipients_clock():
    assert slot_after(hours(local="10:00"), ATHENS, MONDAY_NOON) == Slot(utc("2026-03-17 08:00"), None)
    assert slot_after(hours(local="10:00"), NEW_YORK, MONDAY_NOON) == Slot(utc("2026-03-16 14:00"), None)
    assert slot_after(hours(local="14:00"), ATHENS, MONDAY_NOON) == Slot(MONDAY_NOON, None)


def test_a_local_time_that_is_not_allowed_today_waits_for_the_day_on_which_it_is():
    # Monday 10:00 in Athens is past, and on Tuesday and Wednesday the window is closed.
    for window in ("Thu-Fri", "Thu-Fri 09:00-18:00"):
        assert slot_after(hours(window, local="10:00"), ATHENS, MONDAY_NOON).start == utc("2026-03-19 08:00")
    assert slot_after(hours("Mon", local="10:00"), ATHENS, MONDAY_NOON).start == utc("2026-03-23 08:00")
    saturday = utc("2026-03-21 12:00")
    assert slot_after(hours("Mon-Fri", local="10:00"), ATHENS, saturday).start == utc("2026-03-23 08:00")
    # 25 March is a holiday in Greece.
    eve = utc("2026-03-24 12:00")
    assert slot_after(hours(holidays="GR", local="10:00"), ATHENS, eve).start == utc("2026-03-26 08:00")


def test_a_local_time_that_is_never_allowed_becomes_the_next_time_that_is():
    assert slot_after(hours(quiet="22:00-11:00", local="10:00"), ATHENS, MONDAY_NOON).start == utc("2026-03-17 09:00")
    found = slot_after(hours("Thu-Fri 11:00-18:00", local="10:00"), ATHENS, MONDAY_NOON)
    assert found == Slot(utc("2026-03-19 09:00"), utc("2026-03-19 16:00"))


def test_a_local_time_is_looked_for_in_eight_days():
    # In Greece 13 April 2026 is Easter Monday, so the next Monday that is open comes in 14 days.
    on_mondays = hours("Mon", holidays="GR", local="10:00")
    assert slot_after(on_mondays, ATHENS, utc("2026-04-06 12:00")).start == utc("2026-04-19 21:00")
    assert slot_after(on_mondays, ATHENS, utc("2026-04-12 12:00")).start == utc("2026-04-20 07:00")


def test_a_local_time_and_hours_without_any_time_find_nothing():
    assert slot_after(hours("08:00-09:00", quiet="default", local="08:30"), ATHENS, MONDAY_NOON) is None


def test_a_local_time_that_the_clock_skips_is_the_first_minute_after_the_gap():
    eve = utc("2026-03-28 12:00")
    assert slot_after(hours(local="03:30"), ATHENS, eve).start == utc("2026-03-29 01:00")
    assert slot_after(hours(local="03:30"), ATHENS, utc("2026-03-29 01:00")).start == utc("2026-03-29 01:00")
    assert slot_after(hours(local="03:30"), ATHENS, utc("2026-03-29 01:01")).start == utc("2026-03-30 00:30")


def test_a_local_time_that_the_clock_shows_twice_is_the_first_that_is_not_past():
    assert slot_after(hours(local="03:30"), ATHENS, utc("2026-10-24 12:00")).start == utc("2026-10-25 00:30")
    assert slot_after(hours(local="03:30"), ATHENS, utc("2026-10-25 00:31")).start == utc("2026-10-25 01:30")


def test_quiet_hours_that_end_in_an_hour_that_comes_twice_end_the_second_time():
    found = slot_after(hours(quiet="22:00-03:30"), ATHENS, utc("2026-10-24 23:00"))
    assert found.start == utc("2026-10-25 01:30")


def test_quiet_hours_that_begin_in_an_hour_that_comes_twice_begin_the_first_time():
    found = slot_after(hours(quiet="03:30-08:00"), ATHENS, utc("2026-10-24 23:00"))
    assert found == Slot(utc("2026-10-24 23:00"), utc("2026-10-25 00:30"))
    assert slot_after(hours(quiet="03:30-08:00"), ATHENS, found.end).start == utc("2026-10-25 06:00")


def test_a_window_is_closed_when_the_clock_goes_back_before_its_opening():
    window = hours("03:30-12:00")
    first = slot_after(window, ATHENS, utc("2026-10-24 23:00"))
    assert first == Slot(utc("2026-10-25 00:30"), utc("2026-10-25 01:00"))
    assert slot_after(window, ATHENS, first.end) == Slot(utc("2026-10-25 01:30"), utc("2026-10-25 10:00"))


def test_seconds_are_kept_when_they_are_allowed():
    earliest = MONDAY_NOON + timedelta(seconds=3, microseconds=5)
    assert slot_after(hours(quiet="default"), ATHENS, earliest).start == earliest


def test_nothing_is_found_when_no_time_is_allowed_within_31_days():
    never = hours("08:00-09:00", quiet="default")
    assert slot_after(never, ATHENS, MONDAY_NOON) is None
    assert Planner(never, MONDAY_NOON).slot(ATHENS) is None


def test_times_of_any_zone_are_understood_and_slots_are_in_utc():
    east = MONDAY_NOON.astimezone(tz=datetime.fromisoformat("2026-01-01T00:00+05:00").tzinfo)
    found = slot_after(hours(quiet="default"), ATHENS, east)
    assert (found.start, found.start.tzinfo) == (MONDAY_NOON, UTC)


def test_a_planner_plans_each_place_from_the_same_instant():
    plan = Planner(hours(quiet="default"), utc("2026-03-16 06:30"))
    assert [plan.slot(place).start.hour for place in (ATHENS, NEW_YORK, ATHENS)] == [7, 12, 7]
    assert plan.slot(ATHENS) is plan.slot(Place("Europe/Athens", "GR"))


def test_hours_that_leave_no_time_are_refused_for_the_countries_in_which_they_do():
    early = hours("Mon-Fri 08:00-09:00", quiet="default", holidays="GR", local="10:00")
    assert not possible(early, "GR")
    with pytest.raises(
        InvalidRequest, match=r"Mon-Fri 08:00-09:00 lies within the quiet hours \(22:00-09:00\)"
    ) as refusal:
        check_possible(early, "GR")
    assert refusal.value.details == {"field": "send_window"}
    assert possible(early, "US")
    check_possible(early, "US")
    check_possible(hours("08:00-09:00"), "GR")
    check_possible(hours("08:00-09:01", quiet="default"), None)


def test_a_year_of_weekdays_has_one_slot_for_each_working_day():
    """Asked again at the end of each slot, as a campaign does; 2026 has 261 weekdays, 10 of them holidays in Greece."""
    days, at = [], utc("2025-12-31 22:00")
    while (slot := slot_after(hours("Mon-Fri 09:00-18:00", holidays="GR"), ATHENS, at)).start < utc("2026-12-31 22:00"):
        days.append(slot.start.date())
        at = slot.end
    assert len(days) == len(set(days))
    assert {date(2026, 1, 1), date(2026, 4, 13), date(2026, 12, 25)}.isdisjoint(days)
    assert len(days) == 261 - 10
