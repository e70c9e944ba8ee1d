"""The filter of a segment as rows of a form: a field, an operator and a value as people type it."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args

from api.console import forms
from dispatch.audience import operators as known
from dispatch.audience.filter import FIELDS, Condition, Group, read_filter
from dispatch.errors import InvalidRequest

# How a refusal names a condition.
_PLACE = re.compile(r"^filter\.conditions\.(\d+)(?:\.\w+)*: ")
#: In the order of the form, with what people call them.
OPERATORS = {
    "eq": "is",
    "neq": "is not",
    "contains": "contains",
    "in": "is one of",
    "not_in": "is none of",
    "gt": "is more than",
    "gte": "is at least",
    "lt": "is less than",
    "lte": "is at most",
    "is_null": "is empty",
    "is_not_null": "is not empty",
    "contains_any": "has any of",
    "contains_all": "has all of",
    "before": "is before the day",
    "after": "is after the day",
    "in_last_days": "in the last … days",
    "not_in_last_days": "not in the last … days",
    "in_next_days": "in the next … days",
    "anniversary_in_days": "anniversary within … days",
    "anniversary_in_month": "anniversary in month",
    "in_list": "on the list",
    "not_in_list": "not on the list",
}
_EMPTINESS = get_args(known.Emptiness)
_SEVERAL = (*get_args(known.Membership), *get_args(known.Arrays))
_DAYS = (*get_args(known.Days), *get_args(known.Lately), "anniversary_in_month")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})([.][0-9]{1,9})?")
_WORDS: dict[str, bool] = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True, slots=True)
class Row:
    field: str = ""
    operator: str = ""
    value: str = ""
    #: Whether texts are compared without regard to case and accents.
    fold: bool = True


@dataclass(frozen=True, slots=True)
class Rows:
    logic: str = "and"
    rows: tuple[Row, ...] = (Row(),)

    def with_another(self) -> "Rows":
        """Returns them with an empty one at the end."""
        return replace(self, rows=(*self.rows, Row()))


def typed_rows() -> Rows:
    """Returns the rows of the form; those without a field are left out."""
    sent = forms.sent()
    columns = [sent.getlist(name) for name in ("field", "operator", "value", "fold")]
    if len({len(column) for column in columns}) > 1:
        raise InvalidRequest("The form was not sent as a whole; open it again.")
    given = zip(*columns, strict=True)
    rows = tuple(
        Row(field, operator, value.strip(), fold != "exact") for field, operator, value, fold in given if field
    )
    return Rows(forms.typed("logic", "and"), rows or (Row(),))


def filter_of(rows: Rows) -> Group:
    """Returns the filter; InvalidRequest names the row that cannot be used, counted from 0, and says what can."""
    return read_filter({"logic": rows.logic, "conditions": [_condition(row) for row in rows.rows if row.field]})


def rows_of(filter: Group) -> Rows | None:
    """Returns the filter as rows; None for one that has groups in it or a value that could not be typed again."""
    conditions = [each for each in filter.conditions if isinstance(each, Condition)]
    if len(conditions) < len(filter.conditions):
        return None
    rows = Rows(filter.logic, tuple(map(_row, conditions)))
    return rows if filter_of(rows) == filter else None


def _condition(row: Row) -> dict[str, Any]:
    condition: dict[str, Any] = {"field": row.field, "operator": row.operator}
    if row.operator in _EMPTINESS:
        return condition
    condition["value"] = value = _value(row)
    texts = all(isinstance(each, str) for each in (value if isinstance(value, list) else [value]))
    if (
        row.fold
        and texts
        and row.operator in known.FOLDABLE
        and FIELDS.get(row.field, "attribute") in ("text", "attribute")
    ):
        condition["fold"] = True
    return condition


def _value(row: Row) -> Any:
    kind = FIELDS.get(row.field, "attribute")
    if row.operator in _SEVERAL:
        return [_typed(each.strip(), kind) for each in row.value.split(",") if each.strip()]
    if row.operator in _DAYS:
        return _typed(row.value, "attribute")
    if row.operator in get_args(known.Dates):
        return row.value
    return _typed(row.value, kind)


def _typed(text: str, kind: str) -> Any:
    """Returns a text as the type that it is written as, where the field may have other types than texts."""
    if kind not in ("attribute", "list", "campaign"):
        return text
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return _WORDS.get(text.lower(), text) if kind == "attribute" else text


def _row(condition: Condition) -> Row:
    value = condition.value
    shown = ", ".join(map(_shown, value)) if isinstance(value, list) else _shown(value)
    return Row(condition.field, condition.operator, shown, condition.fold)


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat()
    return str(value)


def in_words(message: str) -> str:
    """Returns why the rows cannot be used as the form shows them, which counts its conditions from 1."""
    if message.startswith("filter.conditions: "):
        return "Add at least one condition."
    return _PLACE.sub(lambda found: f"Condition {int(found[1]) + 1}: ", message)
