"""Times as people write them: ISO 8601 with an offset, or with the name of a zone."""

import re
from calendar import monthrange
from datetime import datetime
from zoneinfo import ZoneInfo

from scheduling.zones import instant_of, zone_in_any_case

# 2026-11-25T15:30 Europe/Athens, and with an offset 2026-11-25T15:30+02:00[Europe/Athens] (RFC 9557).
_WITH_ZONE = re.compile(r"(?P<time>\d[^\[\]]*?)(?:\s+(?P<named>[A-Za-z][\w+/-]*)|\[(?P<boxed>[A-Za-z][\w+/-]*)\])")
_PARTS = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)[Tt ](?P<hour>\d\d):(?P<minute>\d\d)"
    r"(?::(?P<second>\d\d)(?:[.,]\d+)?)?\s*(?P<offset>[+-]\d\d:?\d\d$)?",
    re.ASCII,
)
_RANGES = (("year", 1, 9999), ("month", 1, 12), ("day", 1, 31), ("hour", 0, 23), ("minute", 0, 59), ("second", 0, 59))


class NoTime(ValueError):
    """The text is not written like a time at all."""


def read_time(text: str) -> datetime:
    """Returns the time that is written; without a zone when none is written. ValueError says what is wrong with it.

    It is NoTime for a text that is not written like a time. A time that the zone's clock skips is the first one that it
    shows afterwards.
    """
    text = text.strip()
    found = _WITH_ZONE.fullmatch(text)
    if found is None:
        return iso_time(text)
    given = found["named"] or found["boxed"]
    if (name := zone_in_any_case(given)) is None:
        raise ValueError(f"{given[:60]!r} is no IANA time zone; use one like Europe/Athens")
    zone, time = ZoneInfo(name), iso_time(found["time"])
    if not 1970 <= time.year <= 9000:
        raise ValueError("the year must be from 1970 to 9000")
    if time.tzinfo is None:
        return instant_of(time, zone).astimezone(zone)
    there = time.astimezone(zone)
    if there.utcoffset() != time.utcoffset():
        raise ValueError(f"{name} is at {there:%z} then, and not at {time:%z}; leave out one of the two")
    return there


def iso_time(text: str) -> datetime:
    """Returns the time that is written in ISO 8601 or RFC 3339, whose letters may be small.

    ValueError says which part is out of its range; it is NoTime for a text that is not written like a time.
    """
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        raise _what_is_wrong(text) from None


def _what_is_wrong(text: str) -> ValueError:
    """Returns the error that names the part of the time that is out of its range, or that it is none."""
    if not (parts := _PARTS.match(text)):
        return NoTime(f"{text[:60]!r} is no date and time, like 2030-01-31T09:00")
    for unit, least, most in _RANGES:
        if parts[unit] and not least <= int(parts[unit]) <= most:
            return ValueError(f"the {unit} must be from {least:02} to {most}; it is {parts[unit]}")
    if int(parts["day"]) > (days := monthrange(int(parts["year"]), int(parts["month"]))[1]):
        return ValueError(f"{parts['year']}-{parts['month']} has {days} days, and no day {parts['day']}")
    if parts["offset"]:
        return ValueError(f"the offset {parts['offset']} must be less than 24 hours, written like +02:00")
    return NoTime(f"{text[:60]!r} is no date and time, like 2030-01-31T09:00")
