"""Times, ids and JSON, read from what is typed; what cannot be read is refused as the API refuses it."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from dispatch.errors import InvalidRequest
from dispatch.formats.checks import MAX_ID
from dispatch.formats.times import NoTime, read_time

row_id = click.IntRange(1, MAX_ID)
_FROM_NOW = re.compile(r"([0-9]{1,9})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def time_of(text: str, *, option: str) -> datetime:
    """Returns the time that is written in ISO 8601, or with the name of a zone."""
    try:
        return read_time(text)
    except ValueError as problem:
        why = "" if isinstance(problem, NoTime) else f" ({problem})"
        raise InvalidRequest(
            f"{option}: {text[:60]!r} is not a time{why}; write it like 2030-01-31T09:00:00+02:00, "
            "2030-01-31T07:00:00Z or '2030-01-31T09:00 Europe/Athens'."
        ) from None


def end_of(text: str, *, option: str) -> datetime:
    """Returns the time that is so many hours, days of 24 hours or weeks from now (12h, 30d, 4w), or that is written."""
    if not (found := _FROM_NOW.fullmatch(text.strip())):
        return time_of(text, option=option)
    try:
        return datetime.now(UTC) + timedelta(**{_UNITS[found[2]]: int(found[1])})
    except OverflowError:
        raise InvalidRequest(f"{option}: {text} is more than a few thousand years away.") from None


def ids_of(text: str, *, option: str) -> list[int]:
    """Returns the ids between the commas."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    wrong = next((part for part in parts if not (part.isascii() and part.isdigit() and len(part) < 20)), None)
    if wrong is not None:
        raise InvalidRequest(f"{option}: {wrong[:60]!r} is not an id; write ids with commas, like 1,2,3.")
    return [int(part) for part in parts]


def text_of(_context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    """Returns the text that was typed, or the one in the file named after an @; a text that begins with @ has two."""
    if text is None or not text.startswith("@"):
        return text
    if text.startswith("@@"):
        return text[1:]
    option = parameter.opts[0] if parameter.opts[0].startswith("-") else parameter.human_readable_name
    try:
        return Path(text[1:]).read_text("utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        raise InvalidRequest(f"{option}: {text[1:]} is not in UTF-8; save it as that.") from None
    except OSError as problem:
        raise InvalidRequest(
            f"{option}: {problem.filename}: {problem.strerror}; a text that begins with @ is written with two."
        ) from None


def json_of(text: str, *, option: str) -> Any:
    """Returns the JSON value that was typed, or the one in the file named after an @."""
    try:
        return json.loads(Path(text[1:]).read_text("utf-8") if text.startswith("@") else text)
    except OSError as problem:
        raise InvalidRequest(f"{option}: {problem.filename}: {problem.strerror}.") from None
    except (ValueError, RecursionError):
        raise InvalidRequest(f"{option}: this is not JSON; quote it, or name a file like @filter.json.") from None
