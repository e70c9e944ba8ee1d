"""How often a campaign starts, as the form has it: days and a time in words, or a cron expression."""

import re
from dataclasses import dataclass, replace

from api.console import forms
from api.console.inputs import whole_number
from dispatch.campaigns.schedule_view import Repeats
from dispatch.errors import InvalidRequest

DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
#: What the form offers, with its words.
CHOICES = {
    "": "once",
    "daily": "every day",
    "weekly": "every week, on the days below",
    "monthly": "every month, on the day below",
    "cron": "by a cron expression",
}
#: What becomes of an occurrence that is due late, or while the one before it still goes on.
LATE = {"skip": "is left out", "run_once": "waits; the last one is sent", "run_all": "waits; all are sent, 10 at most"}

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_TIME_OF_DAY = re.compile(r"([0-5]?[0-9]) ([01]?[0-9]|2[0-3]) (\S+) \* (\S+)")
_DAY_OF_MONTH = re.compile(r"0?[1-9]|[12][0-9]|3[01]|L")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """What the fields of the form contain, as it was typed."""

    how: str = ""
    #: HH:MM, of all but cron expressions.
    at: str = "09:00"
    days: tuple[str, ...] = ()
    day: str = "1"
    cron: str = ""
    most: str = ""
    late: str = "skip"
    #: What the form showed of a recurring campaign when it was opened; empty for others.
    opened: str = ""

    @classmethod
    def of_form(cls) -> "Repeated":
        """Returns what was typed."""
        return cls(
            how=forms.typed("repeats"),
            at=forms.typed("repeats_at", "09:00").strip(),
            days=tuple(forms.sent().getlist("repeats_on")),
            day=forms.typed("repeats_day", "1").strip().upper(),
            cron=forms.typed("cron").strip(),
            most=forms.typed("most").strip(),
            late=forms.typed("late", "skip"),
            opened=forms.typed("repeats_opened"),
        )

    @classmethod
    def of(cls, repeats: Repeats | None) -> "Repeated":
        """Returns what the form shows of a campaign's times; what is not of the usual kinds as an expression."""
        if repeats is None:
            return cls()
        shown = cls(
            how="cron",
            cron=repeats.cron_expression,
            most=str(repeats.max_runs or ""),
            late=repeats.misfire or "skip",
            opened=repeats.as_text(),
        )
        found = _TIME_OF_DAY.fullmatch(repeats.cron_expression.upper())
        if found is None:
            return shown
        minute, hour, day, weekday = found.groups()
        at, days = f"{int(hour):02}:{int(minute):02}", _days(weekday)
        if (day, weekday) == ("*", "*"):
            return replace(shown, how="daily", at=at)
        if day == "*" and days:
            return replace(shown, how="weekly", at=at, days=days)
        if weekday == "*" and _DAY_OF_MONTH.fullmatch(day):
            return replace(shown, how="monthly", at=at, day=day)
        return shown

    def chosen(self, zone: str) -> Repeats | None:
        """Returns the times, by the clocks of this zone; None for once, InvalidRequest for what cannot be used."""
        if not self.how:
            return None
        most = whole_number(self.most, "The number of times", field="max_runs") if self.most else None
        return Repeats(cron_expression=self._expression(), timezone=zone, max_runs=most, misfire=self.late)

    def _expression(self) -> str:
        if self.how == "cron":
            return self.cron
        found = _TIME.fullmatch(self.at)
        if found is None:
            raise InvalidRequest("Write the time of day like 09:00.", field="repeats_at")
        start = f"{int(found[2])} {int(found[1])}"
        match self.how:
            case "daily":
                return f"{start} * * *"
            case "weekly":
                chosen = [day for day in DAYS if day in self.days]
                if not chosen:
                    raise InvalidRequest("Tick the days of the week on which it starts.", field="repeats_on")
                return f"{start} * * {','.join(chosen)}"
            case "monthly":
                if not _DAY_OF_MONTH.fullmatch(self.day):
                    raise InvalidRequest("The day of the month is 1 to 31, or L for the last one.", field="repeats_day")
                return f"{start} {self.day} * *"
        raise InvalidRequest("Choose from the list how often it starts.", field="repeats")


def _days(field: str) -> tuple[str, ...]:
    """Returns the days of the week that a field of an expression lists; none when it is written otherwise."""
    names = {**{name: name for name in DAYS}, **{str(n): name for n, name in enumerate(DAYS, 1)}, "0": "SUN"}
    found = {names.get(each) for each in field.split(",")}
    return () if None in found else tuple(day for day in DAYS if day in found)
