"""Cron expressions of five fields, and the instants at which they are due in a zone.

As in Debian's cron, an expression with a fixed minute and hour is due once for each time that it names: a time that the
clock skips is due at the first minute after it, a time that the clock shows twice is due the first time only. One whose
minute or hour begins with a star is due whenever the clock shows such a time, in real intervals.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from scheduling.errors import InvalidSchedule
from scheduling.zones import instant_of, next_change, offset_at, wall_clock

MAX_LENGTH = 100
# As the library names them.
FIELDS = ("minute", "hour", "day-of-month", "month", "day-of-week")
ALIASES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_ANY_DAY = datetime(2024, 1, 1)  # noqa: DTZ001 - a wall clock
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Cron:
    """An expression that `read_cron` has checked."""

    #: Five fields in capitals, one space between them.
    fields: str

    @property
    def repeats(self) -> bool:
        """Whether it is due at intervals, and not at times of the day."""
        minute, hour, *_ = self.fields.split()
        return minute.startswith("*") or hour.startswith("*")

    def instants(self, after: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Yields, in order, every instant after this one at which it is due."""
        while instant := (self._next_interval if self.repeats else self._next_time)(after, zone):
            yield instant
            after = instant

    def _next_time(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        for wall in CronSim(self.fields, wall_clock(after, zone)):
            # While the clock shows an hour for the second time, the times of that hour have been.
            if (instant := instant_of(wall, zone)) > after:
                return instant
        return None

    def _next_interval(self, after: datetime, zone: ZoneInfo) -> datetime | None:
        """Reads the wall clock from one change of the offset to the next."""
        start = wall_clock(after, zone)
        while True:
            offset = offset_at(after, zone)
            wall = next(CronSim(self.fields, start), None)
            if wall is None:
                return None
            instant = (wall - offset).replace(tzinfo=UTC)
            change = next_change(after, instant, zone)
            if change is None:
                return instant
            after = change
            # A second earlier on the new clock, because the very time of the change may be due.
            start = wall_clock(change, zone) - _SECOND


def read_cron(text: str) -> Cron:
    """Returns the expression; InvalidSchedule, with the reason, when it cannot be read or is never due."""
    fields = " ".join(text.split()).upper()
    if fields.startswith("@"):
        if fields.lower() not in ALIASES:
            raise _refused(f"{text[:40]!r} is none of {', '.join(ALIASES)}")
        fields = ALIASES[fields.lower()]
    if len(fields) > MAX_LENGTH:
        raise _refused(f"it has more than {MAX_LENGTH} characters")
    count = len(fields.split())
    if count != len(FIELDS):
        raise _refused(f"it has {count} fields; cron has five: minute, hour, day of month, month, day of week")
    try:
        never = next(CronSim(fields, _ANY_DAY), None) is None
    except CronSimError as problem:
        field = str(problem).removeprefix("Bad ")
        if field != "day-of-month" or not _is_right_in_any_month(fields):
            given = dict(zip(FIELDS, fields.split(), strict=True))[field]
            raise _refused(f"its {field.replace('-', ' ')} {given!r} cannot be read") from None
        never = True
    if never:
        raise _refused("it is never due, since no month has such a day")
    return Cron(fields)


def checked_cron(text: str) -> Cron:
    """Returns what `read_cron` does; InvalidSchedule also for a step that leads past the end of its range.

    Of `*/70` only the first minute would be left. Expressions that an earlier release has stored are only read.
    """
    cron = read_cron(text)
    for name, field in zip(FIELDS, cron.fields.split(), strict=True):
        for term in field.split(","):
            _, _, step = term.partition("/")
            if step and int(step) > 1 and len(_values_of(term, name)) == 1:
                raise _refused(f"its {name.replace('-', ' ')} {term!r} takes a step past the end of its range")
    return cron


def _values_of(term: str, name: str) -> Collection[object]:
    """Returns what a part of a field stands for, each a number or a rule for the last day."""
    read = CronSim(" ".join(term if each == name else "*" for each in FIELDS), _ANY_DAY)
    of_fields: tuple[Collection[object], ...] = (read.minutes, read.hours, read.days, read.months, read.weekdays)
    return of_fields[FIELDS.index(name)]


def _is_right_in_any_month(fields: str) -> bool:
    """Whether only the month keeps the expression from ever being due."""
    minute, hour, day, _, weekday = fields.split()
    try:
        CronSim(f"{minute} {hour} {day} * {weekday}", _ANY_DAY)
    except CronSimError:
        return False
    return True


def _refused(problem: str) -> InvalidSchedule:
    return InvalidSchedule(f"cron_expression: {problem}.", field="cron_expression")
