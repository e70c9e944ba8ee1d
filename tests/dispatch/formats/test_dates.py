"""Dates as people write them: read in the account's order, refused when they can be read in two ways."""

import pytest

from dispatch.formats.dates import AmbiguousDate, as_date, date_of


@pytest.mark.parametrize(
    ("written", "country", "kept"),
    [
        ("2026-05-17", None, "2026-05-17"),
        ("2026-5-7", None, "2026-05-07"),
        ("2026/05/17", "US", "2026-05-17"),
        ("2026.05.17", "HU", "2026-05-17"),
        ("2026-05-17 9:30", None, "2026-05-17T09:30"),
        ("2026-05-17T09:30:15Z", None, "2026-05-17T09:30:15Z"),
        ("2026-05-17T09:30:15.25+02:00", None, "2026-05-17T09:30:15.25+02:00"),
        ("17/05/2026", "GR", "2026-05-17"),
        ("17/05/2026", None, "2026-05-17"),
        ("5/17/2026", "US", "2026-05-17"),
        ("5/17/2026", None, "2026-05-17"),
        ("03/04/2026", "GR", "2026-04-03"),
        ("03/04/2026", "GB", "2026-04-03"),
        ("03-04-2026", "NL", "2026-04-03"),
        ("03/04/2026", "US", "2026-03-04"),
        ("3/4/2026 18:05", "GR", "2026-04-03T18:05"),
        ("03.04.2026", None, "2026-04-03"),
        ("03.04.2026, 08:00", "DE", "2026-04-03T08:00"),
        ("04/04/2026", None, "2026-04-04"),
        ("29/02/2028", "GR", "2028-02-29"),
        ("3/4/2026 6:05 PM", "US", "2026-03-04T18:05"),
        ("3/4/2026 12:05:00 am", "US", "2026-03-04T00:05"),
        ("3/4/2026 12:05 p.m.", "US", "2026-03-04T12:05"),
        ("3/4/2026 9:05 μμ", "GR", "2026-04-03T21:05"),
        ("3/4/2026 9:05 π.μ.", "GR", "2026-04-03T09:05"),
    ],
)
def test_a_date_is_kept_in_iso(written, country, kept):
    assert as_date(written, country) == kept
    assert as_date(kept, country) == kept
    assert date_of(kept) is not None


@pytest.mark.parametrize(
    ("written", "country", "says"),
    [
        ("03/04/2026", None, "2026-04-03 or 2026-03-04"),
        ("03-04-2026 10:00", "CA", "2026-04-03T10:00 or 2026-03-04T10:00"),
        ("03/04/2026", "ZA", "2026-04-03 or 2026-03-04"),
        ("05/17/2026", "GB", "has the day first in .+ is it 2026-05-17"),
        ("17/05/2026", "US", "has the month first in .+ is it 2026-05-17"),
    ],
)
def test_a_date_that_can_be_read_in_two_ways_is_refused_with_both(written, country, says):
    with pytest.raises(AmbiguousDate, match=says):
        as_date(written, country)


NO_DATES = [
    "",
    "3/3/2026 18:05 PM",
    "12",
    "3/4",
    "3/4/26",
    "31/02/2026",
    "2026-02-30",
    "29.02.2027",
    "1/2/3/2026",
    "17/05-2026",
    "SPRING-7",
]


@pytest.mark.parametrize(
    "text", [*NO_DATES, "10:30", "2026-05-17 25:00", "0000-01-01", "20260517", "2026-W20-1", "٢٠٢٦-٠٥-١٧"]
)
def test_what_is_no_date_stays_a_text(text):
    assert as_date(text, "GR") is None
    assert date_of(text) is None
