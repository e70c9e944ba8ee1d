"""Numbers, times and states as people read them."""

from datetime import datetime
from math import ceil
from typing import NamedTuple
from zoneinfo import ZoneInfo

from models.messages.batch import Stats

# What a part of a bar is called, and the states of messages that it counts; in the order of the bar.
_PARTS = (
    ("delivered", ("delivered", "read")),
    ("sent", ("sent", "unconfirmed")),
    ("failed", ("failed", "undelivered")),
    ("unknown", ("unknown",)),
    ("left out", ("skipped", "cancelled")),
)


class Part(NamedTuple):
    """One colour of a progress bar, in percent of its width."""

    name: str
    messages: int
    start: float
    width: float


def number(value: int | float) -> str:
    """Returns a number with its thousands separated."""
    return f"{value:,}"


def moment(value: datetime, zone: str | None) -> str:
    """Returns a time by the clocks of the zone (UTC for none), like "26 Nov 2026, 09:24 EET"."""
    return as_written(value.astimezone(ZoneInfo(zone or "UTC")))


def as_written(value: datetime) -> str:
    """Returns a time by the clocks that it is written in."""
    return f"{value.day} {value:%b %Y, %H:%M} {value.tzname()}"


def to_the_second(value: datetime, zone: str | None) -> str:
    """Returns a time of the same form with its seconds, for what takes less than minutes."""
    local = value.astimezone(ZoneInfo(zone or "UTC"))
    return f"{local.day} {local:%b %Y, %H:%M:%S} {local.tzname()}"


def bar(stats: Stats) -> list[Part]:
    """Returns the parts of a campaign's progress bar that have a width; what is still open is left empty."""
    parts, start = [], 0.0
    for name, states in _PARTS:
        count = sum(getattr(stats, state) for state in states)
        width = 100 * count / stats.total if stats.total else 0.0
        if count:
            parts.append(Part(name, count, round(start, 2), round(width, 2)))
        start += width
    return parts


def done(stats: Stats) -> int:
    """Returns how many messages have ended."""
    return stats.total - stats.pending - stats.sending


def pages(total: int, page_size: int) -> int:
    """Returns how many pages a list has, at least one."""
    return max(1, ceil(total / page_size))
