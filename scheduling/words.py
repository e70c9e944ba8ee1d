"""A rule in plain words, such as "every Monday at 09:00, Europe/Athens"; what is unusual stays an expression."""

import calendar
import re

from scheduling.rule import Once, Rule
from scheduling.zones import wall_clock

_DAY_NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_STEP = re.compile(r"\*/(\d+)")
# More times a day than this are easier to read as an expression.
_MOST_TIMES = 4


def describe(rule: Rule) -> str:
    """Returns the rule in words, with its zone."""
    if isinstance(rule, Once):
        at = wall_clock(rule.at, rule.zone)
        text = f"once on {at.day} {calendar.month_name[at.month]} {at.year} at {at:%H:%M}"
    else:
        text = _in_words(rule.cron.fields) or f"cron {rule.cron.fields}"
    return f"{text}, {rule.zone.key}"


def _in_words(fields: str) -> str | None:
    minute, hour, day, month, weekday = fields.split()
    if (day, month, weekday) == ("*", "*", "*") and (often := _interval(minute, hour)):
        return often
    days, times = _days(day, month, weekday), _times(minute, hour)
    return f"{days} at {times}" if days and times else None


def _interval(minute: str, hour: str) -> str | None:
    if hour == "*":
        if minute in ("*", "*/1"):
            return "every minute"
        if (step := _step(minute, 60)) is not None:
            return f"every {step} minutes"
        if minute.isdigit():
            return "every hour" if int(minute) == 0 else f"every hour at minute {int(minute)}"
    if minute == "0" and (step := _step(hour, 24)) is not None:
        return f"every {step} hours"
    return None


def _step(field: str, whole: int) -> int | None:
    """The interval of a field like */15, if the intervals are all equally long."""
    found = _STEP.fullmatch(field)
    step = int(found[1]) if found else 1
    return step if step > 1 and whole % step == 0 and step < whole else None


def _times(minute: str, hour: str) -> str | None:
    hours = hour.split(",")
    if not minute.isdigit() or len(hours) > _MOST_TIMES or not all(each.isdigit() for each in hours):
        return None
    return _listed([f"{each:02}:{int(minute):02}" for each in sorted({int(each) for each in hours})])


def _days(day: str, month: str, weekday: str) -> str | None:
    if weekday != "*":
        return _weekdays(weekday) if (day, month) == ("*", "*") else None
    if day == "*":
        return "every day" if month == "*" else None
    if not (day.isdigit() or day == "L"):
        return None
    if month == "*":
        return "on the last day of every month" if day == "L" else f"on day {int(day)} of every month"
    number = _number(month, _MONTH_NAMES, first=1)
    if number is None or day == "L":
        return None
    return f"every year on {int(day)} {calendar.month_name[number]}"


def _weekdays(field: str) -> str | None:
    if field in ("1-5", "MON-FRI"):
        return "every weekday"
    days: set[int] = set()
    for each in field.split(","):
        number = _number(each, _DAY_NAMES, first=0)
        if number is None:
            return None
        # Monday first; Sunday is 0 or 7.
        days.add(number or 7)
    return f"every {_listed([calendar.day_name[number - 1] for number in sorted(days)])}"


def _number(text: str, names: tuple[str, ...], *, first: int) -> int | None:
    if text.isdigit():
        return int(text)
    return names.index(text) + first if text in names else None


def _listed(words: list[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
