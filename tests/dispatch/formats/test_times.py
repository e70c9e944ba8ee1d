"""Times with the name of a zone, as people write them."""

from datetime import UTC, datetime

import pytest

from dispatch.formats.times import NoTime, read_time


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-25T15:30 Europe/Athens", "2026-11-25T13:30:00"),
        ("2026-11-25T15:30 europe/athens", "2026-11-25T13:30:00"),
        ("2026-11-25 15:30 Europe/Athens", "2026-11-25T13:30:00"),
        ("2026-07-25T15:30:00 Europe/Athens", "2026-07-25T12:30:00"),
        ("2026-11-25T15:30[Europe/Athens]", "2026-11-25T13:30:00"),
        ("2026-11-25T15:30+02:00[Europe/Athens]", "2026-11-25T13:30:00"),
        ("2026-11-25T15:30 UTC", "2026-11-25T15:30:00"),
        ("2026-11-25T15:30 America/Argentina/Buenos_Aires", "2026-11-25T18:30:00"),
        ("2026-11-25T15:30:00+02:00", "2026-11-25T13:30:00"),
        ("2026-11-25T13:30:00Z", "2026-11-25T13:30:00"),
        # RFC 3339 allows small letters.
        ("2026-11-25t13:30:00z", "2026-11-25T13:30:00"),
        ("2026-11-25t15:30 Europe/Athens", "2026-11-25T13:30:00"),
        ("2026-11-25T13:30:00.250Z", "2026-11-25T13:30:00.250"),
        # Clocks go from 03:00 to 04:00: the first time that they show afterwards.
        ("2026-03-29T03:30 Europe/Athens", "2026-03-29T01:00:00"),
    ],
)
def test_a_time_is_understood_with_an_offset_or_a_zone(text, instant):
    assert read_time(text) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


def test_a_time_without_either_stays_without_a_zone():
    assert read_time("2026-11-25T15:30").tzinfo is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-11-25T15:30 Europe/Athen", "no IANA time zone"),
        ("2026-11-25T15:30+03:00[Europe/Athens]", "leave out one"),
        ("0001-01-01T00:00 Europe/Athens", "from 1970 to 9000"),
        ("tomorrow", "'tomorrow' is no date and time, like 2030-01-31T09:00"),
        ("2026-11-25T15:30Q", "'2026-11-25T15:30Q' is no date and time"),
        ("2026-11-25T15:30+99:00", r"the offset \+99:00 must be less than 24 hours"),
        ("2026-12-31T23:59:60Z", "the second must be from 00 to 59; it is 60"),
        ("2026-12-31T23:60Z", "the minute must be from 00 to 59; it is 60"),
        ("2026-12-31T24:00:00Z", "the hour must be from 00 to 23; it is 24"),
        ("2026-12-31T24:00 Europe/Athens", "the hour must be from 00 to 23; it is 24"),
        ("2026-13-01t09:00z", "the month must be from 01 to 12; it is 13"),
        ("0000-12-01T09:00Z", "the year must be from 01 to 9999; it is 0000"),
        ("2026-02-30T15:30 Europe/Athens", "2026-02 has 28 days, and no day 30"),
    ],
)
def test_what_is_wrong_with_a_time_is_said(text, says):
    with pytest.raises(ValueError, match=says):
        read_time(text)


def test_only_a_text_that_is_not_written_like_a_time_is_no_time():
    for text in ("tomorrow", "25.11.2026 15:30"):
        with pytest.raises(NoTime):
            read_time(text)
    with pytest.raises(ValueError, match="hour") as refused:
        read_time("2026-12-31T24:00Z")
    assert not isinstance(refused.value, NoTime)
