"""Turns a segment's filter into a condition on `customer cu`, in which everything a caller wrote is a parameter.

The columns come from a fixed map; keys of attributes and values are bound. No part of a filter becomes SQL text.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, get_args

from psycopg.types.json import Jsonb

from dispatch.audience.filter import COLUMNS, Condition, Group
from dispatch.audience.filter_relations import RELATIONS, holds_of
from dispatch.audience.operators import Calendar

# The values of a statement, by placeholder; psycopg takes any.
Params = dict[str, Any]
# A function that binds a value and returns its placeholder.
Bind = Callable[[Any], str]

_COLUMNS = {name: f"cu.{name}" for name in COLUMNS}
_SIGNS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_OPPOSITES = {
    "neq": "eq",
    "not_in": "in",
    "is_not_null": "is_null",
    "not_in_list": "in_list",
    "not_in_last_days": "in_last_days",
}

_LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
_DAY = "(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31"
_CLOCK = "([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-9]{2}([.][0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
# Doubled braces, because a format is made of it.
_DATE = f"^(?!0000)([0-9]{{4}}-((0[1-9]|1[0-2])-{_DAY})|{_LEAP}-02-29){_CLOCK}$"
_IS_DATE = _DATE.replace("{", "{{").replace("}", "}}")
# Whose clocks show which day it is. While a campaign is prepared, today is the day of its claim, so that all its pages
# belong to one audience.
_ZONE = "(SELECT zone FROM account WHERE id = %(account)s)"
_NOW = "coalesce((SELECT started_at FROM campaign WHERE id = %(campaign)s AND status = 'preparing'), now())"
_TODAY = f"({_NOW} AT TIME ZONE {_ZONE})::date"
# An attribute as a value of one SQL type, NULL when it is of another. An import keeps numbers and dates as texts.
_READ_AS = {
    "text": "CASE WHEN jsonb_typeof({0}) = 'string' THEN {0} #>> '{{}}' END",
    "numeric": """CASE jsonb_typeof({0}) WHEN 'number' THEN ({0} #>> '{{}}')::numeric
                                      WHEN 'string' THEN as_number({0} #>> '{{}}') END""",
    # Only what is a date, so that the cast cannot fail; the time of day and its zone are left out.
    "date": f"""CASE WHEN jsonb_typeof({{0}}) = 'string' AND {{0}} #>> '{{{{}}}}' ~ '{_IS_DATE}'
                THEN left({{0}} #>> '{{{{}}}}', 10)::date END""",
    "boolean": "CASE WHEN jsonb_typeof({0}) = 'boolean' THEN ({0} #>> '{{}}')::boolean END",
}


def where_matches(group: Group, *, prefix: str = "segment") -> tuple[str, Params]:
    """Returns the condition that is true for exactly the customers of the segment, and its parameters.

    The statement that it becomes a part of has the parameters `account` and `campaign`, which decide what is today. In
    one that has several, each has another `prefix` for its parameters.
    """
    params: Params = {}

    def bind(value: Any) -> str:
        name = f"{prefix}_{len(params)}"
        params[name] = value
        return f"%({name})s"

    return _sql(group, bind), params


def _sql(part: Group | Condition, bind: Bind) -> str:
    if isinstance(part, Group):
        return "(" + f" {part.logic.upper()} ".join(_sql(inner, bind) for inner in part.conditions) + ")"
    if opposite := _OPPOSITES.get(part.operator):
        return f"NOT {_holds(part, opposite, bind)}"
    return _holds(part, part.operator, bind)


def _holds(condition: Condition, operator: str, bind: Bind) -> str:
    """Returns SQL that is true or false but never NULL, so that NOT, AND and OR work as in Python."""
    return f"coalesce({_comparison(condition, operator, bind)}, false)"


def _comparison(condition: Condition, operator: str, bind: Bind) -> str:
    if condition.field in RELATIONS:
        return holds_of(condition, operator, bind, today=_TODAY, zone=_ZONE)
    attribute = _attribute(condition, bind)
    value: Any = condition.value  # of the type that its operator compares with
    if condition.fold:
        return _folded(_operand(condition, attribute, "text"), operator, value, bind)
    if operator == "is_null":
        return f"coalesce(jsonb_typeof({attribute}), 'null') = 'null'" if attribute else f"{_column(condition)} IS NULL"
    if operator == "contains_all":
        return f"jsonb_typeof({attribute}) = 'array' AND {attribute} @> {bind(Jsonb(value))}::jsonb"
    if operator == "contains_any":
        each = bind([Jsonb([wanted]) for wanted in value])
        return f"jsonb_typeof({attribute}) = 'array' AND {attribute} @> ANY ({each}::jsonb[])"
    if operator == "in":
        return " OR ".join(
            f"{_operand(condition, attribute, kind)} = ANY ({bind(values)}::{kind}[])"
            for kind, values in _by_type(value).items()
        )
    if operator in get_args(Calendar):
        date = (
            _operand(condition, attribute, "date")
            if attribute
            else f"({_column(condition)} AT TIME ZONE {_ZONE})::date"
        )
        return _on_calendar(date, operator, bind(value))
    kind = _type(value)
    operand, given = _operand(condition, attribute, kind), f"{bind(_bound(value))}::{kind}"
    if operator == "contains":
        return f"strpos({operand}, {given}) > 0"
    # By code points, because the order of letters depends on the server's locale.
    order = ' COLLATE "C"' if kind == "text" else ""
    return f"{operand} {_SIGNS[operator]} {given}{order}"


def _folded(operand: str, operator: str, value: Any, bind: Bind) -> str:
    given = bind(value)
    if operator == "in":
        return f"folded({operand}) = ANY (ARRAY(SELECT folded(one) FROM unnest({given}::text[]) AS one))"
    if operator == "contains":  # what has nothing to compare is contained in nothing
        return f"strpos(folded({operand}), nullif(folded({given}::text), '')) > 0"
    return f"folded({operand}) = folded({given}::text)"


def _on_calendar(date: str, operator: str, given: str) -> str:
    match operator:
        case "before" | "after":
            return f"{date} {'<' if operator == 'before' else '>'} {given}::date"
        case "in_last_days":
            return f"{date} BETWEEN {_TODAY} - {given}::integer AND {_TODAY}"
        case "in_next_days":
            return f"{date} BETWEEN {_TODAY} AND {_TODAY} + {given}::integer"
        case "anniversary_in_month":
            return f"extract(month FROM {date}) = {given}::integer"
    day = f"({_TODAY} + {given}::integer)"
    # In a year without 29 February, its anniversary is on the 28th.
    return f"""to_char({date}, 'MM-DD') = to_char({day}, 'MM-DD') OR to_char({date}, 'MM-DD') = '02-29'
               AND to_char({day}, 'MM-DD') = '02-28' AND to_char({day} + 1, 'MM-DD') = '03-01'"""


def _attribute(condition: Condition, bind: Bind) -> str | None:
    return f"(cu.attributes -> {bind(condition.key)}::text)" if condition.kind == "attribute" else None


def _operand(condition: Condition, attribute: str | None, kind: str) -> str:
    return f"({_READ_AS[kind].format(attribute)})" if attribute else _column(condition)


def _column(condition: Condition) -> str:
    return _COLUMNS[condition.field]


def _by_type(values: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for value in values:
        found.setdefault(_type(value), []).append(_bound(value))
    return found


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "numeric"
    return "text" if isinstance(value, str) else "timestamptz"


def _bound(value: Any) -> Any:
    # The shortest decimal that is this float, as JSON wrote it.
    return Decimal(str(value)) if _type(value) == "numeric" else value
