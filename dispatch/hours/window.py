"""Send windows of a campaign: the days of the week and the hours in which it may send, such as Mon-Fri 09:00-18:00."""

import re
from dataclasses import dataclass
from datetime import time

from dispatch.errors import InvalidRequest

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EVERY_DAY = frozenset(range(7))
_WINDOW = re.compile(
    r"(?P<days>[a-z]{3}(?:[-,][a-z]{3})*)?(?(days)(?: |$))"
    r"(?:(?P<opens>[0-9]{1,2}:[0-9]{2})-(?P<closes>[0-9]{1,2}:[0-9]{2}))?",
    re.IGNORECASE,
)
_FORM = "write it like Mon-Fri 09:00-18:00, 09:00-18:00 or Sat-Sun"


@dataclass(frozen=True, slots=True)
class SendWindow:
    """The days and hours in which a campaign may send, by each recipient's own clock; `str()` is the normal form."""

    #: Days of the week, Monday is 0.
    days: frozenset[int]
    #: The first minute of each day.
    opens: time
    #: The first minute after it; None is the end of the day.
    closes: time | None

    def __str__(self) -> str:
        days = "" if self.days == _EVERY_DAY else _named(self.days)
        if self.opens == time.min and self.closes is None:
            return days or "Mon-Sun"
        closes = f"{self.closes:%H:%M}" if self.closes else "24:00"
        return f"{days} {self.opens:%H:%M}-{closes}".lstrip()


def read_window(text: str) -> SendWindow:
    """Returns the window that the text describes: days, hours or both.

    Upper and lower case are the same. InvalidRequest when it cannot be read, is empty, or goes past midnight.
    """
    squeezed = re.sub(r" *([-,]) *", r"\1", " ".join(text.replace("–", "-").split()))
    found = _WINDOW.fullmatch(squeezed)
    if not squeezed or not found:
        raise _invalid(f"{text[:60]!r} cannot be read; {_FORM}.")
    days = _read_days(found["days"]) if found["days"] else _EVERY_DAY
    if not found["opens"]:
        return SendWindow(days, time.min, None)
    opens, closes = _read_time(found["opens"]), _read_end(found["closes"])
    if closes is not None and closes <= opens:
        raise _invalid(
            f"{found['opens']}-{found['closes']} ends before it begins. A window lies within one day;"
            " write 24:00 for the end of the day."
        )
    return SendWindow(days, opens, closes)


def _read_days(text: str) -> frozenset[int]:
    days: set[int] = set()
    for part in text.split(","):
        first, *last = (_read_day(name) for name in part.split("-"))
        if len(last) > 1:
            raise _invalid(f"{part!r} is no range of days; {_FORM}.")
        until = last[0] if last else first
        days.update((first + n) % 7 for n in range((until - first) % 7 + 1))
    return frozenset(days)


def _read_day(name: str) -> int:
    try:
        return _DAYS.index(name.capitalize())
    except ValueError:
        raise _invalid(f"{name!r} is no day; use {', '.join(_DAYS)}.") from None


def _read_time(text: str) -> time:
    hour, minute = map(int, text.split(":"))
    if hour > 23 or minute > 59:
        raise _invalid(f"{text} is no time of the day; use 00:00 to 23:59.")
    return time(hour, minute)


def _read_end(text: str) -> time | None:
    return None if text == "24:00" else _read_time(text)


def _named(days: frozenset[int]) -> str:
    """Returns the days with neighbours joined, from Monday on: Mon-Wed,Fri."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join("-".join(_DAYS[day] for day in dict.fromkeys((run[0], run[-1]))) for run in runs)


def _invalid(message: str) -> InvalidRequest:
    return InvalidRequest(f"send_window: {message}", field="send_window")
