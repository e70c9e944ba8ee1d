"""Checks what a person changes of an account's settings."""

from collections.abc import Collection, Mapping
from typing import Any

from dispatch.errors import InvalidRequest
from dispatch.formats.checks import checked_name, checked_zone
from dispatch.formats.phones import check_country
from dispatch.hours.quiet import read_quiet_hours
from dispatch.links.addresses import checked_link_url
from models.account import OVER_CAP, SETTINGS
from models.customers.phone_types import LEFT_OUT

# The most that an account may send to without an approval.
MAX_RECIPIENTS = 2_000_000_000
MAX_CAP = 1000


def checked_settings(changes: Mapping[str, Any], *, by_operator: bool) -> dict[str, Any]:
    """Returns the settings as they are stored; InvalidRequest names the first that cannot be used."""
    if unknown := changes.keys() - set(SETTINGS):
        raise InvalidRequest(f"An account has no setting {sorted(unknown)[0]!r}.", field=sorted(unknown)[0])
    values = dict(changes)
    for field in ("name", "zone", "quiet_hours", "over_cap", "text_to"):
        if field in values and values[field] is None:
            raise InvalidRequest(f"{field} cannot be null.", field=field)
    if "name" in values:
        values["name"] = checked_name(values["name"])
    if values.get("country") is not None:
        values["country"] = check_country(values["country"])
    if "zone" in values:
        values["zone"] = checked_zone(values["zone"], field="zone")
    if "quiet_hours" in values:
        values["quiet_hours"] = read_quiet_hours(values["quiet_hours"])
    if values.get("over_cap", OVER_CAP[0]) not in OVER_CAP:
        raise InvalidRequest(f"over_cap is one of {', '.join(OVER_CAP)}.", field="over_cap")
    if "text_to" in values:
        values["text_to"] = _checked_kinds(values["text_to"])
    if values.get("link_url") is not None:
        values["link_url"] = checked_link_url(values["link_url"], by_operator=by_operator)
    _check_number(values, "approval_above", least=0, most=MAX_RECIPIENTS)
    _check_number(values, "cap_per_day", least=1, most=MAX_CAP)
    _check_number(values, "cap_per_week", least=1, most=MAX_CAP)
    return values


def _checked_kinds(given: Collection[str]) -> list[str]:
    if set(given) - set(LEFT_OUT):
        raise InvalidRequest(
            f"text_to takes some of {', '.join(LEFT_OUT)}, or none of them; other kinds of numbers always get texts.",
            field="text_to",
        )
    return [kind for kind in LEFT_OUT if kind in given]


def _check_number(values: Mapping[str, Any], field: str, *, least: int, most: int) -> None:
    number = values.get(field)
    if number is not None and not least <= number <= most:
        raise InvalidRequest(f"{field} is a whole number from {least} to {most}, or null.", field=field)
