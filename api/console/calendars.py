"""A month of a calendar: its days in weeks, and what is due on each by the clocks of a zone."""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Due:
    """What is due at a time, and the page that it has, if it has one."""

    at: datetime
    name: str
    address: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What is shown of one thing on one day: the first of its times, and how many there are."""

    time: str
    times: int
    name: str
    address: str | None


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    #: Whether it is of the month that is shown, and not of a week that it begins or ends with.
    inside: bool
    entries: tuple[Entry, ...]


def weeks_of(month: date, due: Iterable[Due], zone: str) -> list[list[Day]]:
    """Returns the weeks of the month, from Monday, with what is due in them."""
    local = ZoneInfo(zone)
    found = sorted(((each.at.astimezone(local), each) for each in due), key=lambda pair: pair[0])
    by_day = {day: list(those) for day, those in groupby(found, key=lambda pair: pair[0].date())}
    return [
        [Day(day, day.month == month.month, _entries(by_day.get(day, []))) for day in week]
        for week in calendar.Calendar().monthdatescalendar(month.year, month.month)
    ]


def _entries(due: list[tuple[datetime, Due]]) -> tuple[Entry, ...]:
    things: dict[tuple[str, str | None], list[datetime]] = {}
    for at, each in due:
        things.setdefault((each.name, each.address), []).append(at)
    return tuple(Entry(f"{times[0]:%H:%M}", len(times), *thing) for thing, times in things.items())
