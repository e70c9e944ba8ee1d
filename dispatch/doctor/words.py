"""Times, durations and lists as people read them."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.counting import counted

# A sentence names as many, and says how many more there are.
MAX_NAMED = 5


def listed(named: Sequence[str], *, between: str = ", ", last: str = " and ") -> str:
    """Returns the first of these, and how many more there are."""
    more = f"{last}{len(named) - MAX_NAMED} more" if len(named) > MAX_NAMED else ""
    return f"{between.join(named[:MAX_NAMED])}{more}"


def on_clock(time: datetime, zone: str) -> str:
    """Returns the time on the clocks of the zone, with the zone's name."""
    return f"{time.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"


def for_about(seconds: float) -> str:
    """Returns the duration in the largest unit of which it has at least two."""
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return counted(round(seconds), "second")
