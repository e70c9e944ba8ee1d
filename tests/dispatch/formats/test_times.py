"""Times with the name of a zone, as people write them."""

from datetime import UTC, datetime

import pytest

from dispatch.formats.times import names_zone, read_time


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
        # Clocks go from 03:00 to 04:00: the first time that they show afterwards.
        ("2026-03-29T03:30 Europe/Athens", "2026-03-29T01:00:00"),
    ],
)
def test_a_time_is_understood_with_an_offset_or_a_zone(text, instant):
    assert read_time(text) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


def test_a_time_without_either_stays_without_a_zone():
    assert read_time("2026-11-25T15:30").tzinfo is None
    assert not names_zone("2026-11-25T15:30")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-11-25T15:30 Europe/Athen", "no IANA time zone"),
        ("2026-11-25T15:30+03:00[Europe/Athens]", "leave out one"),
        ("0001-01-01T00:00 Europe/Athens", "from 1970 to 9000"),
        ("tomorrow", "'tomorrow' is no date and time, like 2030-01-31T09:00"),
        ("2026-11-25T15:30+99:00", "is no date and time"),
        ("2026-02-30T15:30 Europe/Athens", "'2026-02-30T15:30' is no date and time"),
    ],
)
def test_what_is_wrong_with_a_time_is_said(text, says):
    with pytest.raises(ValueError, match=says):
        read_time(text)
