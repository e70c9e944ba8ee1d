"""Validation of names, texts, times and ids, and what pydantic found wrong in words, shared by every entry point."""

import re
from datetime import UTC, datetime, time
from typing import Any

from pydantic_core import ErrorDetails

from dispatch.errors import InvalidRequest
from dispatch.formats.composing import normal
from models.states import CHANNELS
from scheduling.errors import InvalidSchedule
from scheduling.zones import instant_of, zone_called

MAX_NAME = 200
MAX_ID = 2**63 - 1

# No one types these into a name, and PostgreSQL refuses NUL and the surrogates.
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
# Pasted with a name and never seen in it; not the joiners, which Persian and emoji need.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202c\u2060-\u2064\u2066-\u2069\ufeff]")
# Of the controls, those of C1 too, which terminals obey; and the overrides, which show letters in another order.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff]")


def composed(value: Any) -> Any:
    """Returns a text, or JSON, with every text and key in composed characters (NFC); InvalidRequest if keys collide."""
    if isinstance(value, str):
        return normal("NFC", value)
    if isinstance(value, list):
        return [composed(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {composed(key): composed(each) for key, each in value.items()}
    if len(made) < len(value):
        raise InvalidRequest("Two keys differ only in how their accents are written; leave one of them out.")
    return made


def checked_name(name: str, *, field: str = "name") -> str:
    """Returns the name in composed characters, without what cannot be seen; InvalidRequest unless it has 1 to 200.

    Several spaces are one, and there are none around it.
    """
    name = normal("NFC", _INVISIBLE.sub("", name)).strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise InvalidRequest(f"{field} must have 1 to {MAX_NAME} characters; it has {len(name)}.", field=field)
    if found := _CONTROL.search(name):
        raise InvalidRequest(f"{field} has a control character (U+{ord(found[0]):04X}).", field=field)
    return re.sub(r"\s+", " ", name)


def checked_text(text: str | None, *, field: str, most: int) -> str | None:
    """Returns the text in composed characters, without surrounding spaces, or None.

    InvalidRequest if it is too long or cannot be stored.
    """
    if text is None:
        return None
    text = normal("NFC", text).strip()
    if len(text) > most:
        raise InvalidRequest(f"{field} must have at most {most} characters; it has {len(text)}.", field=field)
    if found := _CONTROL.search(text):
        raise InvalidRequest(f"{field} has a control character (U+{ord(found[0]):04X}).", field=field)
    return text


def control_in(text: str) -> str:
    """Returns the first control character of a text of several lines, as U+009B; '' if it has none."""
    found = _CONTROL.search(re.sub(r"[\t\r\n]", " ", text))
    return f"U+{ord(found[0]):04X}" if found else ""


def checked_time(given: datetime | None, *, field: str, zone: str | None = None) -> datetime | None:
    """Returns the time in UTC, or None; InvalidRequest if it has no zone."""
    return None if given is None else utc_time(given, field=field, zone=zone)


def checked_zone(name: str, *, field: str = "timezone") -> str:
    """Returns the name; InvalidRequest unless it is that of an IANA zone."""
    try:
        return zone_called(name).key
    except InvalidSchedule:
        raise InvalidRequest(
            f"{field}: {name[:60]!r} is no IANA time zone; use one like Europe/Athens.", field=field
        ) from None


def checked_clock(text: str, *, field: str) -> time:
    """Returns the time of day that is written as HH:MM; InvalidRequest when it is none."""
    if not _CLOCK.fullmatch(text.strip()):
        raise InvalidRequest(f"{field} is a time of day, written like 09:30.", field=field)
    return time.fromisoformat(text.strip())


def utc_time(given: datetime, *, field: str, zone: str | None = None) -> datetime:
    """Returns the time in UTC; one without a zone is on the clocks of `zone`, and InvalidRequest if there is neither.

    A time that these clocks skip becomes the first one that they show afterwards; one that they show twice, the first.
    """
    if given.utcoffset() is None and zone is not None and 1970 <= given.year <= 9000:
        given = instant_of(given, zone_called(checked_zone(zone)))
    if given.utcoffset() is None:
        raise InvalidRequest(
            f"{field} has no time zone; write it like 2030-01-31T09:00:00+02:00 or 2030-01-31T07:00:00Z.",
            field=field,
        )
    try:
        given = given.astimezone(UTC)
    except OverflowError:
        raise InvalidRequest(f"{field} is not a time that can be stored.", field=field) from None
    if given.year > 9000:
        raise InvalidRequest(f"{field} is more than a few thousand years away.", field=field)
    return given


def checked_channel(channel: str) -> str:
    """Returns the channel; InvalidRequest when there is no such channel."""
    if channel not in CHANNELS:
        raise InvalidRequest(f"channel is one of {', '.join(CHANNELS)}.", field="channel")
    return channel


def can_be_id(number: int) -> bool:
    """Returns whether the number fits into a column of ids; PostgreSQL refuses to compare others with one."""
    return -MAX_ID <= number <= MAX_ID


# By the type of a problem that pydantic describes in words of Python, or without saying what to send.
_IN_WORDS_OF_JSON = {
    "missing": "is missing",
    "extra_forbidden": "there is no such field",
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type", "dataclass_type"), "must be a JSON object"),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), "must be a JSON array"),
    "string_type": "must be a text",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "does not have the form that it must have",
    "too_short": "must have at least {min_length} items; it has {actual_length}",
    "too_long": "must have at most {max_length} items; it has {actual_length}",
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), "must be a whole number"),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), "must be a number"),
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
    **dict.fromkeys(("literal_error", "enum"), "must be {expected}"),
    **dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_from_date_parsing"),
        "must be a time, as text like 2030-01-31T09:00:00+02:00",
    ),
    "timezone_aware": "must have a time zone, like 2030-01-31T09:00:00+02:00",
    **dict.fromkeys(
        ("uuid_type", "uuid_parsing", "uuid_version"),
        "must be an id as the API returns it, like 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11",
    ),
    **dict.fromkeys(
        ("url_type", "url_parsing", "url_scheme", "url_too_long", "url_syntax_violation"),
        "must be an address like https://example.com/path",
    ),
}


def in_words(problem: ErrorDetails) -> str:
    """Returns what pydantic found wrong with a value, in words of JSON and without the value."""
    said = _IN_WORDS_OF_JSON.get(problem["type"])
    return said.format_map(problem.get("ctx", {})) if said else problem["msg"].removeprefix("Value error, ")
