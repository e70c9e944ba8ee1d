"""Turns a segment's filter into a condition on `customer cu`, in which everything a caller wrote is a parameter.

The columns come from a fixed map; keys of attributes and values are bound. No part of a filter becomes SQL text.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from psycopg.types.json import Jsonb

from dispatch.audience.filter import COLUMNS, Condition, Group

# The values of a statement, by placeholder; psycopg takes any.
Params = dict[str, Any]
# A function that binds a value and returns its placeholder.
Bind = Callable[[Any], str]

_COLUMNS = {name: f"cu.{name}" for name in COLUMNS}
_SIGNS = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_OPPOSITES = {"neq": "eq", "not_in": "in", "is_not_null": "is_null"}

# An attribute as a value of one SQL type, NULL when it is of another. The second is long because an import keeps
# numbers as text, and a cast of any other text would fail the statement.
_READ_AS = {
    "text": "CASE WHEN jsonb_typeof({0}) = 'string' THEN {0} #>> '{{}}' END",
    "numeric": """CASE WHEN jsonb_typeof({0}) = 'number' OR (jsonb_typeof({0}) = 'string'
                            AND {0} #>> '{{}}' ~ '^[+-]?[0-9]{{1,30}}([.][0-9]{{1,30}})?$')
                  THEN ({0} #>> '{{}}')::numeric END""",
    "boolean": "CASE WHEN jsonb_typeof({0}) = 'boolean' THEN ({0} #>> '{{}}')::boolean END",
}


def where_matches(group: Group) -> tuple[str, Params]:
    """Returns the condition that is true for exactly the customers of the segment, and its parameters."""
    params: Params = {}

    def bind(value: Any) -> str:
        name = f"segment_{len(params)}"
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
    attribute = _attribute(condition, bind)
    value: Any = condition.value  # of the type that its operator compares with
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
    kind = _type(value)
    operand, given = _operand(condition, attribute, kind), f"{bind(_bound(value))}::{kind}"
    if operator == "contains":
        return f"strpos({operand}, {given}) > 0"
    # By code points, because the order of letters depends on the server's locale.
    order = ' COLLATE "C"' if kind == "text" else ""
    return f"{operand} {_SIGNS[operator]} {given}{order}"


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
