"""Checks when a campaign may reach people: its zone, local time, send window, holidays and grace."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from dispatch.accounts.accounts import account_with_id
from dispatch.errors import InvalidRequest
from dispatch.formats.checks import checked_clock, checked_zone
from dispatch.hours.holidays import check_holiday_country
from dispatch.hours.slots import Hours, check_possible
from dispatch.hours.window import read_window
from models.campaigns.campaign import Campaign
from models.campaigns.writing import Timing

PURPOSES = ("marketing", "service")
GRACE_SEC = 6 * 3600
MAX_GRACE_SEC = 31 * 24 * 3600


def checked_timing(given: Mapping[str, Any]) -> Timing:
    """Returns those of these fields that are given, as they are stored; InvalidRequest for what cannot be used."""
    checked: dict[str, Any] = {}
    for field, check in _CHECKS.items():
        if field in given:
            checked[field] = None if given[field] is None else check(given[field])
    for field in ("purpose", "grace_sec"):
        if field in checked and checked[field] is None:
            raise InvalidRequest(f"{field} cannot be null.", field=field)
    return cast(Timing, checked)


def check_window(campaign: Campaign) -> None:
    """Refuses, as InvalidRequest, a campaign whose window lies within the account's quiet hours.

    It is called after it was written, in a transaction that has kept the account's hours from changing since before:
    so of two changes that contradict each other the second is refused, here or by `check_windows`.
    """
    if campaign.send_window and campaign.purpose == "marketing":
        account = account_with_id(campaign.account_id)
        hours = Hours(read_window(campaign.send_window), quiet=account.quiet_hours, holidays=None, local_time=None)
        check_possible(hours, account.country)


def _purpose(purpose: str) -> str:
    if purpose not in PURPOSES:
        raise InvalidRequest(f"purpose is one of {', '.join(PURPOSES)}.", field="purpose")
    return purpose


def _grace(seconds: int) -> int:
    if not 0 <= seconds <= MAX_GRACE_SEC:
        raise InvalidRequest(f"grace_sec is a whole number from 0 to {MAX_GRACE_SEC}.", field="grace_sec")
    return seconds


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "purpose": _purpose,
    "timezone": checked_zone,
    "local_time": lambda text: checked_clock(text, field="local_time"),
    "send_window": lambda text: str(read_window(text)),
    "holidays": check_holiday_country,
    "grace_sec": _grace,
}
