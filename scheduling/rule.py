"""When a schedule is due: once at a time, or again and again by a cron expression, in a zone."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from scheduling.cron import Cron

_FIRST_SPAN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Once:
    """Due once, at an instant."""

    at: datetime
    zone: ZoneInfo

    def instants(self, after: datetime) -> Iterator[datetime]:
        """Yields the instant, if it is after this one."""
        if self.at > after:
            yield self.at


@dataclass(frozen=True, slots=True)
class Recurring:
    """Due again and again."""

    cron: Cron
    zone: ZoneInfo

    def instants(self, after: datetime) -> Iterator[datetime]:
        """Yields, in order, every instant after this one at which it is due."""
        return self.cron.instants(after, self.zone)


Rule = Once | Recurring


def next_after(rule: Rule, after: datetime) -> datetime | None:
    """Returns the first instant after this one at which the rule is due, or None."""
    return next(rule.instants(after), None)


def latest(rule: Rule, count: int, *, since: datetime, before: datetime) -> list[datetime]:
    """Returns the last `count` instants of those due from `since` on and before `before`, oldest first.

    Looks further and further back: after a long outage, reading all that was due since would take minutes.
    """
    span = _FIRST_SPAN
    earliest = since - timedelta(microseconds=1)
    while True:
        start = max(earliest, before - span)
        found = deque(takewhile(lambda instant: instant < before, rule.instants(start)), maxlen=count)
        if len(found) == count or start == earliest:
            return list(found)
        span *= 4
