"""Dates as people write them, and as they are kept: in ISO 8601, which sorts, compares and is read by everyone.

Which of day and month comes first is decided by the account's country, as in the short dates of Unicode's CLDR. What
can be read in two ways is refused, because one of them would send an appointment for the wrong day.
"""

import re
from datetime import date, datetime

from dispatch.errors import InvalidRequest

# English and Greek spreadsheets write the afternoon so.
_CLOCK = r"(?:,?[T ] *([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?(?: ?([aApPπΠμΜ]\.?[mMμΜ]\.?))?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_CLOCK}", re.ASCII)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_CLOCK}", re.ASCII)
_KEPT = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)

_MONTH_FIRST = frozenset(["US", "AS", "FM", "GU", "MH", "MP", "PR", "PW", "UM", "VI"])
# Both orders are in use, or the year comes first, which says nothing of a date that ends with its year.
_UNDECIDED = frozenset(["BT", "CA", "CN", "HU", "JP", "KP", "KR", "LT", "MN", "PH", "SE", "TW", "ZA"])


class AmbiguousDate(InvalidRequest):
    """The date can be read in two ways."""


def as_date(text: str, country: str | None) -> str | None:
    """Returns the date, or the date and time of day, in ISO 8601; None for a text that is neither.

    AmbiguousDate says both readings, or that the country writes dates in the other order.
    """
    if not text[:1].isdigit():
        return None
    if date_of(text):
        return text
    if found := _YEAR_FIRST.fullmatch(text):
        year, _, month, day, *clock = found.groups()
        return _written(int(year), int(month), int(day), *clock)
    if found := _YEAR_LAST.fullmatch(text):
        first, sign, second, year, *clock = found.groups()
        return _in_order(text, (int(first), int(second), int(year)), _day_first(sign, country), clock)
    return None


def date_of(text: str) -> datetime | None:
    """Returns the date and time of day of a text as `as_date` writes it; None for any other."""
    if not (found := _KEPT.fullmatch(text)):
        return None
    try:
        return datetime.fromisoformat(f"{found[1]} {found[2] or '00:00'}")
    except ValueError:
        return None


def _day_first(sign: str, country: str | None) -> bool | None:
    """Returns whether the day comes before the month; None when nothing says so."""
    if sign == ".":
        return True  # no one writes the month first with points
    return None if country is None or country in _UNDECIDED else country not in _MONTH_FIRST


def _in_order(text: str, numbers: tuple[int, int, int], day_first: bool | None, clock: list[str | None]) -> str | None:
    first, second, year = numbers
    by_day, by_month = _written(year, second, first, *clock), _written(year, first, second, *clock)
    if by_day == by_month:
        return by_day
    if day_first is None:
        if by_day and by_month:
            raise AmbiguousDate(f"{text} may be {by_day} or {by_month}; write it so, or set the account's country")
        return by_day or by_month
    read, other = (by_day, by_month) if day_first else (by_month, by_day)
    if read is None:
        first_one = "day" if day_first else "month"
        raise AmbiguousDate(f"{text} has the {first_one} first in the account's country and is no date; is it {other}?")
    return read


def _written(
    year: int, month: int, day: int, hour: str | None, minute: str | None, half: str | None = None
) -> str | None:
    try:
        written = date(year, month, day).isoformat()
    except ValueError:
        return None
    if hour is None:
        return written
    if half is None:
        return f"{written}T{int(hour):02d}:{minute}"
    if not 1 <= int(hour) <= 12:
        return None
    # 12:30 am is half past midnight.
    return f"{written}T{int(hour) % 12 + 12 * (half[0].lower() in 'pμ'):02d}:{minute}"
