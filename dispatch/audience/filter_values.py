"""Makes a filter compare with values as they are stored: phones in E.164, dates in ISO 8601, zones by their names.

People write a value as they write it into a file, and a text that no customer can have would include or exclude nobody.
"""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from dispatch.accounts.accounts import account_with_id
from dispatch.audience.filter import Condition, Group
from dispatch.audience.operators import MAX_VALUES
from dispatch.errors import InvalidRequest
from dispatch.formats.dates import AmbiguousDate, as_date
from dispatch.formats.phone_text import InvalidPhone, plain_digits
from dispatch.formats.phones import is_stored_form, normalise
from models.customers.phone_types import PHONE_TYPES
from scheduling.zones import zone_in_any_case

Read = Callable[[str], str]

_EQUALITY = {"eq": "in", "neq": "not_in", "in": "in", "not_in": "not_in"}
_ORDER = ("gt", "gte", "lt", "lte")


class _Unreadable(Exception):
    """The value is none that is stored, and why."""


def with_stored_values(group: Group, account_id: UUID, *, stored: bool = False) -> Group:
    """Returns the filter with values as the account's customers have them; InvalidRequest names the first that is none.

    The value of `contains` is part of a number and loses only what is not stored: spaces, dashes and brackets. In a
    `stored` filter, what is in E.164 is not read again: the number may have gone out of use since.
    """
    if not _has_such(group, stored):
        return group
    country = account_with_id(account_id).country
    return _read(group, "filter", country=country, stored=stored)


def _has_such(part: Group | Condition, stored: bool) -> bool:
    if isinstance(part, Group):
        return any(_has_such(each, stored) for each in part.conditions)
    # Zones and dates are stored as customers have them; only phones and their kinds are judged again.
    newly_read = not stored and (part.field == "zone" or part.kind == "attribute")
    return part.value is not None and (part.field in ("phone", "phone_type") or newly_read)


def _read(group: Group, where: str, *, country: str | None, stored: bool) -> Group:
    conditions: list[Condition | Group] = []
    for place, part in enumerate(group.conditions):
        here = f"{where}.conditions.{place}"
        if isinstance(part, Group):
            conditions.append(_read(part, here, country=country, stored=stored))
        elif _has_such(part, stored):
            conditions.append(_changed(part, f"{here}.value", country=country, stored=stored))
        else:
            conditions.append(part)
    return group.model_copy(update={"conditions": conditions})


def _changed(part: Condition, where: str, *, country: str | None, stored: bool) -> Condition:
    match part.field:
        case "phone" if part.operator == "contains":
            read: Read = plain_digits
        case "phone":
            read = partial(_number, country=country, stored=stored)
        case "phone_type":
            read = _kind
        case "zone" if part.operator in _EQUALITY:
            read = _zone
        case "zone":
            return part
        case _:
            return _with_dates(part, country, where)
    return part.model_copy(update={"value": _values(part.value, read, where)})


def _number(value: str, *, country: str | None, stored: bool) -> str:
    return value if stored and is_stored_form(value) else normalise(value, country)


def _kind(value: str) -> str:
    if value not in PHONE_TYPES:
        raise _Unreadable(f"is one of {', '.join(PHONE_TYPES)}")
    return value


def _zone(value: str) -> str:
    if (zone := zone_in_any_case(value)) is None:
        raise _Unreadable("is no IANA time zone; use one like Europe/Athens")
    return zone


def _with_dates(part: Condition, country: str | None, where: str) -> Condition:
    """Returns the condition with dates as an import keeps them, and as written, because JSON may have brought those."""
    read = partial(_date, country=country)
    if part.operator in _ORDER:
        return part.model_copy(update={"value": _value(part.value, read, where)})
    if part.operator not in _EQUALITY:
        return part
    found = _values(part.value, read, where)
    if found == part.value:
        return part
    written, dates = (each if isinstance(each, list) else [each] for each in (part.value, found))
    both = list(dict.fromkeys([*written, *dates]))
    values = both if len(both) <= MAX_VALUES else dates
    return part.model_copy(update={"operator": _EQUALITY[part.operator], "value": values})


def _date(value: str, *, country: str | None) -> str:
    return as_date(value, country) or value


def _values(value: object, read: Read, where: str) -> object:
    if isinstance(value, list):
        return [_value(each, read, f"{where}.{place}") for place, each in enumerate(value)]
    return _value(value, read, where)


def _value(value: object, read: Read, where: str) -> object:
    try:
        return read(value) if isinstance(value, str) else value
    except InvalidPhone as problem:
        reason = problem.reason
    except AmbiguousDate as problem:
        reason = problem.message
    except _Unreadable as problem:
        reason = str(problem)
    raise InvalidRequest(f"{where}: {reason}.", field=where, reason=reason) from None
