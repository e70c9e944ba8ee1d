"""A segment's filter evaluated in plain Python, one customer at a time, as a check on the SQL."""

import re
from calendar import isleap
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}([.][0-9]{1,30})?")
_DECIMAL_COMMA = re.compile(r"[+-]?([0-9]{1,30}|[0-9]{1,3}([.][0-9]{3}){1,9}),[0-9]{1,30}")
_DECIMAL_POINT = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3}){1,9}[.][0-9]{1,30}")
_UNDECIDED = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]([01]\d|2[0-3]):[0-5]\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_COMPARES = ("eq", "neq", "gt", "gte", "lt", "lte", "in", "not_in")
_OPPOSITES = {"neq": "eq", "not_in": "in", "is_not_null": "is_null"}


def selects(asked: Mapping[str, Any], customer: Mapping[str, Any]) -> bool:
    """Returns whether the customer is in the segment of this filter (as JSON)."""
    if "logic" in asked:
        answers = [selects(condition, customer) for condition in asked["conditions"]]
        return all(answers) if asked["logic"].lower() == "and" else any(answers)
    operator = asked["operator"]
    value = asked.get("value")
    if asked["field"].startswith("attributes.") and operator in _COMPARES:
        value = [_figure(each) for each in value] if isinstance(value, list) else _figure(value)
    found = _holds(_value_of(asked["field"], customer), _OPPOSITES.get(operator, operator), value)
    return not found if operator in _OPPOSITES else found


def _value_of(field: str, customer: Mapping[str, Any]) -> Any:
    if field.startswith("attributes."):
        return customer["attributes"].get(field.removeprefix("attributes."))
    return customer[field]


def _holds(has: Any, operator: str, value: Any) -> bool:
    match operator:
        case "is_null":
            return has is None
        case "eq":
            return _equal(has, value)
        case "in":
            return any(_equal(has, wanted) for wanted in value)
        case "contains":
            return isinstance(has, str) and value in has
        case "contains_any":
            return isinstance(has, list) and any(_is_among(wanted, has) for wanted in value)
        case "contains_all":
            return isinstance(has, list) and all(_is_among(wanted, has) for wanted in value)
        case "before" | "after" | "in_last_days" | "in_next_days" | "anniversary_in_days" | "anniversary_in_month":
            day = _day(has)
            return day is not None and _on_calendar(day, operator, value)
    return _in_order(has, operator, value)


def _day(has: Any) -> date | None:
    try:
        return date.fromisoformat(has[:10]) if isinstance(has, str) and _DATE.fullmatch(has) else None
    except ValueError:
        return None


def _on_calendar(day: date, operator: str, value: Any) -> bool:
    today = datetime.now(UTC).date()
    match operator:
        case "before":
            return day < date.fromisoformat(value)
        case "after":
            return day > date.fromisoformat(value)
        case "in_last_days":
            return timedelta() <= today - day <= timedelta(days=value)
        case "in_next_days":
            return timedelta() <= day - today <= timedelta(days=value)
        case "anniversary_in_month":
            return day.month == value
    wanted = today + timedelta(days=value)
    celebrated = (day.month, day.day)
    if celebrated == (2, 29) and not isleap(wanted.year):
        celebrated = (2, 28)
    return celebrated == (wanted.month, wanted.day)


def _equal(has: Any, value: Any) -> bool:
    pair = _comparable(has, value)
    return pair is not None and pair[0] == pair[1]


def _in_order(has: Any, operator: str, value: Any) -> bool:
    pair = _comparable(has, value)
    if pair is None:
        return False
    left, right = pair
    return {"gt": left > right, "gte": left >= right, "lt": left < right, "lte": left <= right}[operator]


def _comparable(has: Any, value: Any) -> tuple[Any, Any] | None:
    """Returns both as values that can be compared, or None; the type of the filter's value decides."""
    if isinstance(value, bool):
        return (has, value) if isinstance(has, bool) else None
    if isinstance(value, int | float | Decimal):
        number = _number(has)
        return None if number is None else (number, _number(value))
    return (has, value) if isinstance(has, str) else None


def _figure(value: Any) -> Any:
    """Returns a text with a decimal comma as its number; only an attribute may be one, a name is a text."""
    if isinstance(value, str) and _DECIMAL_COMMA.fullmatch(value) and not _UNDECIDED.fullmatch(value):
        return _number(value)
    return value


def _number(has: Any) -> Decimal | None:
    if isinstance(has, bool) or not isinstance(has, str | int | float | Decimal):
        return None
    if isinstance(has, str):
        if _DECIMAL_COMMA.fullmatch(has) and not _UNDECIDED.fullmatch(has):
            return Decimal(has.replace(".", "").replace(",", "."))
        if _DECIMAL_POINT.fullmatch(has):
            return Decimal(has.replace(",", ""))
        return Decimal(has) if _NUMBER.fullmatch(has) else None
    return Decimal(str(has))


def _is_among(wanted: Any, members: list[Any]) -> bool:
    """Compares as JSON does: 1 equals 1.0, and true is not a number."""
    for member in members:
        if isinstance(wanted, int | float) and not isinstance(wanted, bool):
            if isinstance(member, int | float) and not isinstance(member, bool) and _number(member) == _number(wanted):
                return True
        elif type(member) is type(wanted) and member == wanted:
            return True
    return False
