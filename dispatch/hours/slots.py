"""The next stretch of time in which a recipient may be messaged, by the clock on that person's wall."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dispatch.errors import InvalidRequest
from dispatch.hours.holidays import is_holiday
from dispatch.hours.quiet import QuietHours, quiet_in
from dispatch.hours.window import SendWindow
from dispatch.hours.zones import Place
from scheduling.zones import instant_of, last_instant_of, offset_at, stretches, wall_clock, zone_called

#: How far ahead allowed time is looked for.
HORIZON = timedelta(days=31)
#: How far ahead a local time is looked for that is allowed: as long as a campaign with hours lives by default.
LOCAL_TIMES = timedelta(days=8)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """What restricts the time at which a campaign's recipients may be messaged."""

    #: The campaign's days and hours, or None.
    window: SendWindow | None
    #: `off`, `default` or `HH:MM-HH:MM`, as `read_quiet_hours` returns it.
    quiet: str
    #: The country whose public holidays are left out (two letters), or None.
    holidays: str | None
    #: The time of the day at which each recipient is to be messaged, by their own clock, or None.
    local_time: time | None

    @property
    def anything(self) -> bool:
        """Whether there is any restriction; without one every instant is allowed."""
        return bool(self.window or self.quiet != "off" or self.holidays or self.local_time is not None)


class Slot(NamedTuple):
    """A stretch of allowed time, in UTC."""

    start: datetime
    #: The first instant after it; None when it has no end. Allowed time is followed for 31 days at most.
    end: datetime | None


class Planner:
    """Plans many recipients from one instant on; each place is calculated once."""

    def __init__(self, hours: Hours, earliest: datetime) -> None:
        self._hours, self._earliest = hours, earliest
        self._slots: dict[Place, Slot | None] = {}

    def slot(self, place: Place) -> Slot | None:
        """Returns what `slot_after` does for a recipient at this place."""
        try:
            return self._slots[place]
        except KeyError:
            return self._slots.setdefault(place, slot_after(self._hours, place, self._earliest))


def slot_after(hours: Hours, place: Place, earliest: datetime) -> Slot | None:
    """Returns the first allowed stretch that starts at `earliest` or later; None if there is none within 31 days.

    At every instant of it the recipient's clock shows a time within the window, on no public holiday and outside the
    quiet hours. With a `local_time` it starts when the clock shows that time, the first time within 8 days that this is
    allowed; if it never is, as early as allowed after the clock first shows it.
    """
    earliest = earliest.astimezone(UTC)
    if hours.local_time is None:
        return _first_stretch(hours, place, earliest)
    zone = zone_called(place.zone)
    showing = first_showing = _next_showing(hours.local_time, zone, earliest)
    while showing < earliest + LOCAL_TIMES:
        stretch = _first_stretch(hours, place, showing)
        if stretch is None:
            break
        if stretch.start == showing:
            return stretch
        showing = _next_showing(hours.local_time, zone, stretch.start)
    return _first_stretch(hours, place, first_showing)


def _first_stretch(hours: Hours, place: Place, earliest: datetime) -> Slot | None:
    """Returns what window, holidays and quiet hours allow at `earliest` or next, whatever the local time."""
    if not replace(hours, local_time=None).anything:
        return Slot(earliest, None)
    found: Slot | None = None
    zone, latest = zone_called(place.zone), earliest + HORIZON
    for start, end in _allowed(hours, place.region, zone, earliest, latest):
        if found and start != found.end:
            break
        found = Slot(found.start if found else start, end)
    return found


def check_possible(hours: Hours, country: str | None) -> None:
    """Refuses hours that leave no time at all for people of the country (two letters); InvalidRequest says why."""
    quiet = quiet_in(hours.quiet, country)
    if quiet and not possible(hours, country):
        raise InvalidRequest(
            f"send_window: nothing could be sent, because {hours.window} lies within the quiet hours"
            f" ({quiet.starts:%H:%M}-{quiet.ends:%H:%M}); change one of the two.",
            field="send_window",
        )


def possible(hours: Hours, country: str | None) -> bool:
    """Returns whether window and quiet hours leave any time for people of the country (two letters)."""
    of_the_week = replace(hours, holidays=None, local_time=None)
    return slot_after(of_the_week, Place("UTC", country), datetime(2001, 1, 1, tzinfo=UTC)) is not None


def _next_showing(wall_time: time, zone: ZoneInfo, earliest: datetime) -> datetime:
    """Returns the first instant, `earliest` or later, at which the clock shows the time or has just skipped it."""
    before = offset_at(earliest - _SECOND, zone)
    for start, end, offset in stretches(earliest, earliest + 3 * _DAY, zone):
        shown, would_be = ((start + each).replace(tzinfo=None) for each in (offset, before))
        wall = datetime.combine(min(shown, would_be), wall_time)
        if wall < min(shown, would_be):
            wall += _DAY
        if wall < shown:
            return start
        instant = wall.replace(tzinfo=UTC) - offset
        if instant < end:
            return instant
        before = offset
    raise AssertionError("no clock takes three days to show a time")


def _allowed(
    hours: Hours, region: str | None, zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yields all allowed time from `start` to `end`, in order; one piece may follow directly on another."""
    quiet = quiet_in(hours.quiet, region)
    for begins, ends in _opened(hours, zone, start, end):
        yield from _outside(quiet, zone, begins, ends) if quiet else [(begins, ends)]


def _opened(hours: Hours, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yields the time inside the window and on no holiday, day by day."""
    if not hours.window and not hours.holidays:
        yield start, end
        return
    for since, until, offset in stretches(start, end, zone):
        day = (since + offset).date()
        while (midnight := _utc(day, time.min, offset)) < until:
            if times := _times_on(day, hours):
                opens, closes = times
                begins = max(since, _utc(day, opens, offset))
                ends = min(until, _utc(day, closes, offset) if closes else midnight + _DAY)
                if begins < ends:
                    yield begins, ends
            day += _DAY


def _times_on(day: date, hours: Hours) -> tuple[time, time | None] | None:
    """Returns from when until when the day is open, or None."""
    if hours.holidays and is_holiday(hours.holidays, day):
        return None
    if not hours.window:
        return time.min, None
    return (hours.window.opens, hours.window.closes) if day.weekday() in hours.window.days else None


def _utc(day: date, wall_time: time, offset: timedelta) -> datetime:
    return datetime.combine(day, wall_time, UTC) - offset


def _outside(quiet: QuietHours, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yields what quiet hours leave of a stretch.

    When a clock goes back, they begin the first time that it shows their start and end the last time that it shows
    their end.
    """
    day = wall_clock(start, zone).date() - 2 * _DAY
    while start < end:
        past_midnight = _DAY if quiet.ends < quiet.starts else timedelta()
        begins = instant_of(datetime.combine(day, quiet.starts), zone)
        ends = last_instant_of(datetime.combine(day + past_midnight, quiet.ends), zone)
        if start < begins:
            yield start, min(begins, end)
        if begins < end:
            start = max(start, ends)
        else:
            return
        day += _DAY
