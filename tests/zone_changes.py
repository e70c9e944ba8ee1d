"""Every IANA zone and its changes of the clock from 2020 to 2037."""

from datetime import UTC, datetime
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

from scheduling.zones import next_change

START, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)


def _rules_of(name: str) -> bytes:
    """The zone's compiled rules; many names share them."""
    return files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


#: One name for each set of rules.
ZONES = sorted({_rules_of(name): name for name in sorted(available_timezones() - {"localtime"})}.values())


def changes(zone: ZoneInfo) -> list[datetime]:
    found, at = [], START
    while at := next_change(at, END, zone):
        found.append(at)
    return found
