"""What is read as a cron expression, and what is refused."""

from datetime import UTC, datetime
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.cron import ALIASES, checked_cron, read_cron
from scheduling.errors import InvalidSchedule
from scheduling.rule import Once, Recurring, latest, next_after
from scheduling.zones import zone_called

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
UTC_ZONE = zone_called("UTC")


def runs(text, count=3, after=NOON):
    return [f"{run:%a %d %b %Y %H:%M}" for run in islice(read_cron(text).instants(after, UTC_ZONE), count)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 9 * * 1", ["Mon 07 Jan 2030 09:00", "Mon 14 Jan 2030 09:00", "Mon 21 Jan 2030 09:00"]),
        ("0 9 * jan mon", ["Mon 07 Jan 2030 09:00", "Mon 14 Jan 2030 09:00", "Mon 21 Jan 2030 09:00"]),
        ("0 9 * * 7", ["Sun 06 Jan 2030 09:00", "Sun 13 Jan 2030 09:00", "Sun 20 Jan 2030 09:00"]),
        ("*/15 * * * *", ["Tue 01 Jan 2030 12:15", "Tue 01 Jan 2030 12:30", "Tue 01 Jan 2030 12:45"]),
        ("0 9,18 * * MON-FRI", ["Tue 01 Jan 2030 18:00", "Wed 02 Jan 2030 09:00", "Wed 02 Jan 2030 18:00"]),
        ("0 0 L * *", ["Thu 31 Jan 2030 00:00", "Thu 28 Feb 2030 00:00", "Sun 31 Mar 2030 00:00"]),
        ("0 0 29 2 *", ["Sun 29 Feb 2032 00:00", "Fri 29 Feb 2036 00:00", "Wed 29 Feb 2040 00:00"]),
        ("@daily", ["Wed 02 Jan 2030 00:00", "Thu 03 Jan 2030 00:00", "Fri 04 Jan 2030 00:00"]),
        ("@Hourly", ["Tue 01 Jan 2030 13:00", "Tue 01 Jan 2030 14:00", "Tue 01 Jan 2030 15:00"]),
        (" 0\t0 1  1 * ", ["Wed 01 Jan 2031 00:00", "Thu 01 Jan 2032 00:00", "Sat 01 Jan 2033 00:00"]),
    ],
)
def test_an_expression_is_due_when_cron_users_expect(text, expected):
    assert runs(text) == expected


@pytest.mark.parametrize("alias", ALIASES)
def test_every_alias_can_be_read(alias):
    assert len(runs(alias)) == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it has 0 fields"),
        ("0 9 * *", "it has 4 fields"),
        ("0 0 9 * * 1", "it has 6 fields; cron has five: minute, hour, day of month, month, day of week"),
        ("* * 31 2 *", "it is never due"),
        ("0 0 30 2 *", "it is never due"),
        ("0 0 31 4,6,9,11 *", "it is never due"),
        ("60 * * * *", "its minute '60' cannot be read"),
        ("* 24 * * *", "its hour '24' cannot be read"),
        ("* * 0 * *", "its day of month '0' cannot be read"),
        ("* * * 13 *", "its month '13' cannot be read"),
        ("* * * * MONDAY", "its day of week 'MONDAY' cannot be read"),
        ("*/0 * * * *", "its minute '*/0' cannot be read"),
        ("5-1 * * * *", "its minute '5-1' cannot be read"),
        ("@reboot", "'@reboot' is none of @hourly, @daily"),
        (f"{'1,' * 60}1 * * * *", "it has more than 100 characters"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(text, says):
    with pytest.raises(InvalidSchedule, match=r"^cron_expression: ") as refused:
        read_cron(text)
    assert says in str(refused.value)
    assert refused.value.field == "cron_expression"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("*/70 * * * *", "its minute '*/70' takes a step past the end of its range"),
        ("*/60 * * * *", "its minute '*/60'"),
        ("5,10-20/15 * * * *", "its minute '10-20/15'"),
        ("0 */24 * * *", "its hour '*/24'"),
        ("0 9 1-31/40 * *", "its day of month '1-31/40'"),
        ("0 9 1 JAN-MAR/3 *", "its month 'JAN-MAR/3'"),
        ("0 9 * * MON-FRI/5", "its day of week 'MON-FRI/5'"),
    ],
)
def test_a_step_past_the_end_of_its_range_is_refused_though_stored_ones_are_read(text, says):
    with pytest.raises(InvalidSchedule, match=r"^cron_expression: ") as refused:
        checked_cron(text)
    assert says in str(refused.value)
    assert next(read_cron(text).instants(NOON, UTC_ZONE)) > NOON


@pytest.mark.parametrize(
    "text", ["*/59 * * * *", "*/1 5/6 * * *", "0 9 1-31/30 * *", "0 9 L * MON#2", "0 9 1 */6 MON-FRI/4"]
)
def test_a_step_within_its_range_is_taken(text):
    assert checked_cron(text) == read_cron(text)


@given(st.lists(st.text("0123456789*/-,#LW²\0MONJAN", max_size=6), min_size=4, max_size=6).map(" ".join))
def test_any_text_is_read_or_refused(text):
    try:
        assert next(checked_cron(text).instants(NOON, UTC_ZONE)) > NOON
    except InvalidSchedule:
        pass


def test_a_zone_that_does_not_exist_is_refused():
    for name in ("Mars/Olympus", "", "../etc/passwd", "europe/athens\0"):
        with pytest.raises(InvalidSchedule, match="is no IANA time zone"):
            zone_called(name)


def test_the_latest_of_many_are_found_without_reading_them_all():
    every_minute = Recurring(read_cron("* * * * *"), UTC_ZONE)
    long_ago = datetime(1990, 1, 1, tzinfo=UTC)
    found = latest(every_minute, 3, since=long_ago, before=NOON)
    assert [f"{run:%H:%M}" for run in found] == ["11:57", "11:58", "11:59"]


def test_the_latest_are_as_many_as_there_were_since():
    monthly = Recurring(read_cron("0 0 1 * *"), UTC_ZONE)
    since = datetime(2029, 11, 1, tzinfo=UTC)
    found = latest(monthly, 10, since=since, before=NOON)
    assert [run.month for run in found] == [11, 12, 1]
    assert latest(monthly, 0, since=since, before=NOON) == []


def test_what_is_due_once_is_due_once():
    once = Once(NOON, UTC_ZONE)
    assert next_after(once, datetime(2029, 1, 1, tzinfo=UTC)) == NOON
    assert next_after(once, NOON) is None
