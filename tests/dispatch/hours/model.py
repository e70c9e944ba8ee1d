"""A slow model of allowed time: it looks at a clock on the wall minute by minute, by the standard library alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from dispatch.hours.quiet import QuietHours
from dispatch.hours.window import SendWindow

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True)
class Clock:
    """What a clock shows at each of many minutes."""

    start: datetime
    shown: list[datetime]

    @classmethod
    def of(cls, zone: str, start: datetime, minutes: int) -> "Clock":
        info = ZoneInfo(zone)
        return cls(start, [(start + n * MINUTE).astimezone(info).replace(tzinfo=None, fold=0) for n in range(minutes)])

    def instant(self, minute: int) -> datetime:
        return self.start + minute * MINUTE

    def minute(self, instant: datetime) -> int:
        return (instant - self.start) // MINUTE


def allowed(clock: Clock, window: SendWindow | None, quiet: QuietHours | None) -> list[bool]:
    """Whether each minute is allowed; wrong within a day of the first and last minute."""
    may = [_inside(wall, window) for wall in clock.shown]
    for first, end in _nights(clock, quiet) if quiet else ():
        may[first:end] = [False] * (end - first)
    return may


def _inside(wall: datetime, window: SendWindow | None) -> bool:
    if not window:
        return True
    return wall.weekday() in window.days and window.opens <= wall.time() < (window.closes or time.max)


def _nights(clock: Clock, quiet: QuietHours) -> Iterable[tuple[int, int]]:
    """Yields for each night its first quiet minute and the first minute after it.

    That is the last minute at which the clock shows the end of the quiet hours, if it ever does.
    """
    starts, ends = quiet
    past_midnight = ends < starts

    def belongs(minute: int) -> datetime | None:
        at = clock.shown[minute].time()
        if at >= starts if past_midnight else starts <= at <= ends:
            return datetime.combine(clock.shown[minute], time.min)
        return datetime.combine(clock.shown[minute], time.min) - DAY if past_midnight and at <= ends else None

    nights: dict[datetime, list[int]] = {}
    for night, minutes in groupby(range(len(clock.shown)), key=belongs):
        if night:
            nights.setdefault(night, []).extend(minutes)
    for minutes in nights.values():
        quiet_minutes = [minute for minute in minutes if clock.shown[minute].time() != ends]
        if quiet_minutes:
            showing_the_end = [minute for minute in minutes if clock.shown[minute].time() == ends]
            yield quiet_minutes[0], max(quiet_minutes[-1] + 1, *showing_the_end, 0)


def shows(clock: Clock, wall_time: time, minute: int) -> bool:
    """Whether the clock shows the time at this minute, or has just skipped it."""
    before, now = clock.shown[minute - 1], clock.shown[minute]
    skipped = (datetime.combine(day, wall_time) for day in {before.date(), now.date()})
    return now.time() == wall_time or any(before < wall < now for wall in skipped)


def next_at(clock: Clock, wall_time: time, may: list[bool], minute: int) -> int | None:
    """The first minute from this one on, of 8 days, at which the clock shows the time and is allowed to.

    If there is none, the first allowed minute after the clock shows it; None if the model ends before.
    """
    showing = [at for at in range(minute, minute + 8 * DAY // MINUTE) if shows(clock, wall_time, at)]
    return next((at for at in showing if may[at]), next_allowed(may, showing[0]))


def next_allowed(may: list[bool], minute: int) -> int | None:
    return next((at for at in range(minute, len(may)) if may[at]), None)
