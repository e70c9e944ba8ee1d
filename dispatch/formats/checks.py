"""Validation of names, texts, times and ids, shared by every entry point."""

import re
from datetime import UTC, datetime

from dispatch.errors import InvalidRequest
from models.states import CHANNELS

MAX_NAME = 200
MAX_ID = 2**63 - 1

# No one types these into a name, and PostgreSQL refuses NUL and the surrogates.
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def checked_name(name: str, *, field: str = "name") -> str:
    """Returns the name without surrounding spaces; InvalidRequest unless it has 1 to 200 characters."""
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidRequest(f"{field} must have 1 to {MAX_NAME} characters; it has {len(name)}.", field=field)
    if found := _CONTROL.search(name):
        raise InvalidRequest(f"{field} has a control character (U+{ord(found[0]):04X}).", field=field)
    return name


def checked_text(text: str | None, *, field: str, most: int) -> str | None:
    """Returns the text without surrounding spaces, or None; InvalidRequest if it is too long or cannot be stored."""
    if text is None:
        return None
    text = text.strip()
    if len(text) > most:
        raise InvalidRequest(f"{field} must have at most {most} characters; it has {len(text)}.", field=field)
    if found := _CONTROL.search(text):
        raise InvalidRequest(f"{field} has a control character (U+{ord(found[0]):04X}).", field=field)
    return text


def checked_time(time: datetime | None, *, field: str) -> datetime | None:
    """Returns the time in UTC, or None; InvalidRequest if it has no zone."""
    return None if time is None else utc_time(time, field=field)


def utc_time(time: datetime, *, field: str) -> datetime:
    """Returns the time in UTC; InvalidRequest if it has no zone."""
    if time.utcoffset() is None:
        raise InvalidRequest(
            f"{field} has no time zone; write it like 2030-01-31T09:00:00+02:00 or 2030-01-31T07:00:00Z.",
            field=field,
        )
    try:
        time = time.astimezone(UTC)
    except OverflowError:
        raise InvalidRequest(f"{field} is not a time that can be stored.", field=field) from None
    if time.year > 9000:
        raise InvalidRequest(f"{field} is more than a few thousand years away.", field=field)
    return time


def checked_channel(channel: str) -> str:
    """Returns the channel; InvalidRequest when there is no such channel."""
    if channel not in CHANNELS:
        raise InvalidRequest(f"channel is one of {', '.join(CHANNELS)}.", field="channel")
    return channel


def can_be_id(number: int) -> bool:
    """Returns whether the number fits into a column of ids; PostgreSQL refuses to compare others with one."""
    return -MAX_ID <= number <= MAX_ID
