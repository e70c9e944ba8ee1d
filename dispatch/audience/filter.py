"""What a segment asks of a customer, checked strictly: {"logic": "and", "conditions": [{field, operator, value}, …]}.

A condition is about a column of the customer or about `attributes.<key>`; a group of conditions may stand in the place
of one. Every condition is either true or false, so that one and its opposite divide the customers in two. A field that
is empty (NULL, no such attribute, JSON null) is `is_null`; it equals nothing, has no place in an order, contains
nothing and is in no list. `neq` and `not_in` are exactly the opposites of `eq` and `in`, and so they hold for it.

The type of the value says how it is compared. A text is compared with texts, character by character and with case; a
number with numbers, and with texts that are written like one, as an import makes them; true and false with themselves.
How a filter becomes SQL is `filter_sql.py`.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from dispatch.errors import InvalidRequest
from dispatch.formats.checks import checked_time

Kind = Literal["text", "time", "attribute"]

COLUMNS: dict[str, Kind] = {
    "phone": "text",
    "first_name": "text",
    "last_name": "text",
    "location": "text",
    "prefered_product": "text",
    "zone": "text",
    "created_at": "time",
}
ATTRIBUTES = "attributes."
EQUALITY = ("eq", "neq")
ORDER = ("gt", "gte", "lt", "lte")
MEMBERSHIP = ("in", "not_in")
EMPTINESS = ("is_null", "is_not_null")
ARRAYS = ("contains_any", "contains_all")
OPERATORS: dict[Kind, tuple[str, ...]] = {
    "text": (*EQUALITY, *ORDER, "contains", *MEMBERSHIP, *EMPTINESS),
    "time": (*EQUALITY, *ORDER, *EMPTINESS),
    "attribute": (*EQUALITY, *ORDER, "contains", *MEMBERSHIP, *ARRAYS, *EMPTINESS),
}

MAX_CONDITIONS = 50
MAX_DEPTH = 3
MAX_VALUES = 1000
MAX_TEXT = 1000
MAX_KEY = 100

_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing asked of one field; `value` is checked and of the type its operator compares with."""

    field: str
    operator: str
    value: Any = None

    @property
    def kind(self) -> Kind:
        """Of what kind the field is."""
        return COLUMNS.get(self.field, "attribute")

    @property
    def key(self) -> str:
        """The attribute's key, when the field is one."""
        return self.field.removeprefix(ATTRIBUTES)


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions of which all (`and`) or any (`or`) must hold."""

    logic: str
    conditions: tuple["Condition | Group", ...]


def read_filter(given: object) -> Group:
    """The filter, checked; InvalidRequest names the part that cannot be used and says what can."""
    group = _group(given, "filter", depth=1)
    if (count := _count(group)) > MAX_CONDITIONS:
        raise _wrong("filter", f"has {count} conditions; {MAX_CONDITIONS} are allowed")
    return group


def as_json(part: Group | Condition) -> dict[str, Any]:
    """The filter as it is stored and shown; reading it again gives the same filter."""
    if isinstance(part, Group):
        return {"logic": part.logic, "conditions": [as_json(inner) for inner in part.conditions]}
    if part.operator in EMPTINESS:
        return {"field": part.field, "operator": part.operator}
    value = part.value.isoformat() if isinstance(part.value, datetime) else part.value
    return {"field": part.field, "operator": part.operator, "value": value}


def _group(given: object, where: str, *, depth: int) -> Group:
    given = _object(given, where, known=("logic", "conditions"))
    if depth > MAX_DEPTH:
        raise _wrong(where, f"groups may be nested {MAX_DEPTH} deep")
    logic = given.get("logic")
    if not isinstance(logic, str) or logic.lower() not in ("and", "or"):
        raise _wrong(f"{where}.logic", "must be and, or or")
    conditions = given.get("conditions")
    if not isinstance(conditions, list) or not conditions:
        raise _wrong(f"{where}.conditions", "must be a list of at least one condition")
    if len(conditions) > MAX_CONDITIONS:
        raise _wrong(f"{where}.conditions", f"has {len(conditions)} conditions; {MAX_CONDITIONS} are allowed")
    parts = [_part(part, f"{where}.conditions.{index}", depth=depth) for index, part in enumerate(conditions)]
    return Group(logic.lower(), tuple(parts))


def _part(given: object, where: str, *, depth: int) -> Condition | Group:
    if isinstance(given, Mapping) and ("logic" in given or "conditions" in given):
        return _group(given, where, depth=depth + 1)
    given = _object(given, where, known=("field", "operator", "value"))
    field, kind = _field(given.get("field"), f"{where}.field")
    operator = given.get("operator")
    if not isinstance(operator, str) or operator not in OPERATORS[kind]:
        raise _wrong(f"{where}.operator", f"must be one of {', '.join(OPERATORS[kind])} for this field")
    return Condition(field, operator, _value(given.get("value"), kind, operator, f"{where}.value"))


def _object(given: object, where: str, *, known: tuple[str, ...]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise _wrong(where, f"must be an object with {', '.join(known)}")
    if unknown := [name for name in given if name not in known]:
        raise _wrong(f"{where}.{str(unknown[0])[:MAX_KEY]}", f"is not known; known are {', '.join(known)}")
    return given


def _field(given: object, where: str) -> tuple[str, Kind]:
    if isinstance(given, str):
        if kind := COLUMNS.get(given):
            return given, kind
        key = given.removeprefix(ATTRIBUTES)
        if given.startswith(ATTRIBUTES) and 1 <= len(key) <= MAX_KEY and not _UNSTORABLE.search(key):
            return given, "attribute"
    raise _wrong(where, f"must be one of {', '.join(COLUMNS)}, or attributes. and a key of 1 to {MAX_KEY} characters")


def _value(given: object, kind: Kind, operator: str, where: str) -> Any:
    if operator in EMPTINESS:
        if given is not None:
            raise _wrong(where, f"must be left out: {operator} takes none")
        return None
    if operator in MEMBERSHIP or operator in ARRAYS:
        if not isinstance(given, list) or not 1 <= len(given) <= MAX_VALUES:
            raise _wrong(where, f"must be a list of 1 to {MAX_VALUES} values")
        return [_scalar(value, kind, f"{where}.{index}") for index, value in enumerate(given)]
    value = _scalar(given, kind, where)
    if operator == "contains" and (not isinstance(value, str) or not value):
        raise _wrong(where, "must be a text of at least one character")
    if operator in ORDER and isinstance(value, bool):
        raise _wrong(where, "must be a text or a number, which have an order")
    return value


def _scalar(given: object, kind: Kind, where: str) -> Any:
    if given is None:
        raise _wrong(where, "is missing; what is empty is found with is_null")
    if kind == "time":
        return _time(given, where)
    if isinstance(given, str):
        if len(given) > MAX_TEXT or _UNSTORABLE.search(given):
            raise _wrong(where, f"must have at most {MAX_TEXT} characters, none of them NUL")
        return given
    if kind == "text":
        raise _wrong(where, "must be a text")
    if isinstance(given, bool) or (isinstance(given, int | float) and math.isfinite(given)):
        return given
    raise _wrong(where, "must be a text, a number, true or false")


def _time(given: object, where: str) -> datetime:
    try:
        time = checked_time(datetime.fromisoformat(given), field=where) if isinstance(given, str) else None
    except ValueError:
        time = None
    if time is None:
        raise _wrong(where, "must be a time like 2030-01-31T09:00:00+02:00")
    return time


def _count(part: Group | Condition) -> int:
    return sum(map(_count, part.conditions)) if isinstance(part, Group) else 1


def _wrong(field: str, problem: str) -> InvalidRequest:
    return InvalidRequest(f"{field}: {problem}.", field=field)
