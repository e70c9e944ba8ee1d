"""Wall clocks and instants: where a zone changes its offset, and which instant a wall clock means."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from scheduling.errors import InvalidSchedule

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


# A file beside the zones that is none: what this machine is set to. `Factory`, IANA's zone of machines that have none,
# is taken: everywhere it is UTC, and schedules that were stored with it would stop.
_OF_THE_MACHINE = "localtime"


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(available_timezones() - {_OF_THE_MACHINE})


def is_zone(name: str) -> bool:
    """Returns whether there is an IANA zone of this name."""
    return name in _known()


def zone_in_any_case(name: str) -> str | None:
    """Returns the IANA zone of this name, in whatever case and with whatever spaces around it is written."""
    return _by_small_letters().get(name.strip().replace(" ", "_").lower())


@lru_cache(maxsize=1)
def _by_small_letters() -> dict[str, str]:
    return {zone.lower(): zone for zone in _known()}


def zone_called(name: str) -> ZoneInfo:
    """Returns the IANA zone of this name; InvalidSchedule when there is none."""
    if not is_zone(name):
        raise InvalidSchedule(
            f"timezone: {name[:60]!r} is no IANA time zone; use one like Europe/Athens.", field="timezone"
        )
    return ZoneInfo(name)


def wall_clock(instant: datetime, zone: ZoneInfo) -> datetime:
    """Returns what a clock on the wall shows at the instant, without a zone."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def offset_at(instant: datetime, zone: ZoneInfo) -> timedelta:
    """Returns how far the zone is ahead of UTC at the instant."""
    return instant.astimezone(zone).utcoffset() or timedelta()


def instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """Returns the instant at which the wall clock first shows this time.

    A time that the clock skips becomes the first one that it shows afterwards.
    """
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if wall_clock(instant, zone) == wall:
        return instant
    return next_change(instant - _DAY, instant, zone) or instant


def last_instant_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """Returns the instant at which the wall clock last shows this time; one that it skips is as in `instant_of`."""
    instant = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return instant if wall_clock(instant, zone) == wall else instant_of(wall, zone)


def stretches(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yields the time from `start` to `end` in pieces of one offset each, with the offset."""
    while start < end:
        until = next_change(start, end, zone) or end
        yield start, until, offset_at(start, zone)
        start = until


def next_change(start: datetime, end: datetime, zone: ZoneInfo) -> datetime | None:
    """Returns the first instant after `start`, and not after `end`, with another offset than the one before it.

    Looks once a day: no zone has changed its offset and changed it back within a day since 1970.
    """
    before = start.replace(microsecond=0)
    offset = offset_at(before, zone)
    while before < end:
        after = min(before + _DAY, end)
        if offset_at(after, zone) != offset:
            return _between(before, after, zone)
        before = after
    return None


def _between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Returns the second between the two at which the offset changes."""
    offset = offset_at(before, zone)
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if offset_at(middle, zone) == offset:
            before = middle
        else:
            after = middle
    return after
