"""Times as people write them: ISO 8601 with an offset, or with the name of a zone."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from scheduling.zones import instant_of, zone_in_any_case

# 2026-11-25T15:30 Europe/Athens, and with an offset 2026-11-25T15:30+02:00[Europe/Athens] (RFC 9557).
_WITH_ZONE = re.compile(r"(?P<time>\d[^\[\]]*?)(?:\s+(?P<named>[A-Za-z][\w+/-]*)|\[(?P<boxed>[A-Za-z][\w+/-]*)\])")


def names_zone(text: str) -> bool:
    """Returns whether a zone is named behind the time."""
    return bool(_WITH_ZONE.fullmatch(text.strip()))


def read_time(text: str) -> datetime:
    """Returns the time that is written; without a zone when none is written. ValueError says what is wrong with it.

    A time that the zone's clock skips is the first one that it shows afterwards.
    """
    text = text.strip()
    found = _WITH_ZONE.fullmatch(text)
    if found is None:
        return _read(text)
    given = found["named"] or found["boxed"]
    if (name := zone_in_any_case(given)) is None:
        raise ValueError(f"{given[:60]!r} is no IANA time zone; use one like Europe/Athens")
    zone, time = ZoneInfo(name), _read(found["time"])
    if not 1970 <= time.year <= 9000:
        raise ValueError("the year must be from 1970 to 9000")
    if time.tzinfo is None:
        return instant_of(time, zone).astimezone(zone)
    there = time.astimezone(zone)
    if there.utcoffset() != time.utcoffset():
        raise ValueError(f"{name} is at {there:%z} then, and not at {time:%z}; leave out one of the two")
    return there


def _read(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:60]!r} is no date and time, like 2030-01-31T09:00") from None
