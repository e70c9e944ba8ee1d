"""The operators of a segment's filter, and which values each compares a field with.

The type of the value decides how it is compared. A text is compared with texts, character by character and
case-sensitively; a number with numbers, and with texts that are written as one, as an import stores them; true and
false only with each other. The operators of the calendar compare dates: texts in ISO 8601, as an import keeps them.
"""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, FiniteFloat, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from dispatch.errors import InvalidRequest
from dispatch.formats.checks import checked_time
from dispatch.formats.dates import date_of

MAX_VALUES = 1000
MAX_TEXT = 1000
MAX_DAYS = 3660

Kind = Literal["text", "time", "attribute"]
Order = Literal["gt", "gte", "lt", "lte"]
Membership = Literal["in", "not_in"]
Arrays = Literal["contains_any", "contains_all"]
Emptiness = Literal["is_null", "is_not_null"]
Dates = Literal["before", "after"]
Days = Literal["in_last_days", "in_next_days", "anniversary_in_days"]
Calendar = Literal[Dates, Days, "anniversary_in_month"]
Operator = Literal["eq", "neq", Order, "contains", Membership, Arrays, Emptiness, Calendar]

OPERATORS: dict[Kind, tuple[str, ...]] = {
    "text": get_args(Literal["eq", "neq", Order, "contains", Membership, Emptiness]),
    "time": get_args(Literal["eq", "neq", Order, Emptiness, Calendar]),
    "attribute": get_args(Operator),
}


def unusable(problem: str) -> PydanticCustomError:
    """Returns the error by which a validator says what is wrong with a part of a filter; the words follow its name."""
    return PydanticCustomError("unusable", problem)


def checked_value(value: object, kind: Kind, operator: str) -> Any:
    """Returns the value with the type that the operator compares with a field of this kind; for a validator."""
    if operator in get_args(Emptiness):
        if value is not None:
            raise unusable(f"must be left out: {operator} takes none")
        return None
    if operator in get_args(Literal[Membership, Arrays]):
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_VALUES:
            raise unusable(f"must be a list of 1 to {MAX_VALUES} values")
        return _LISTS[kind].validate_python(value)
    if operator in get_args(Calendar):
        return _of_calendar(value, operator)
    value = _checked(value, kind)
    if operator == "contains" and (not isinstance(value, str) or not value):
        raise unusable("must be a text of at least one character")
    if operator in get_args(Order) and isinstance(value, bool):
        raise unusable("must be a text or a number, which have an order")
    return value


def _of_calendar(value: object, operator: str) -> str | int:
    """Returns a date in ISO 8601, a number of days or a month."""
    if operator in get_args(Dates):
        if not isinstance(value, str) or len(value) != len("2030-01-31") or date_of(value) is None:
            raise unusable("must be a date, like 2030-01-31")
        return value
    least, most, what = (1, 12, "a month") if operator == "anniversary_in_month" else (0, MAX_DAYS, "a number of days")
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise unusable(f"must be {what} from {least} to {most}")
    return value


def _checked(value: object, kind: Kind) -> Any:
    what, of_type = _VALUES[kind]
    try:
        return of_type.validate_python(value, strict=True)
    except ValidationError:
        raise unusable(f"must be {what}; is_null finds what is empty") from None


def _time(given: object) -> datetime | None:
    try:
        return checked_time(datetime.fromisoformat(str(given)), field="value")
    except InvalidRequest as problem:
        raise ValueError(problem.message) from None


_Text = Annotated[str, Field(max_length=MAX_TEXT, pattern=r"^[^\x00]*$")]
_VALUES: dict[Kind, tuple[str, TypeAdapter[Any]]] = {
    "text": (f"a text of at most {MAX_TEXT} characters, none of them NUL", TypeAdapter(_Text)),
    "time": (
        "a time with its zone, like 2030-01-31T09:00:00+02:00",
        TypeAdapter(Annotated[datetime, BeforeValidator(_time)]),
    ),
    "attribute": (
        f"a text of at most {MAX_TEXT} characters, a number, true or false",
        TypeAdapter(_Text | bool | int | FiniteFloat),
    ),
}
_LISTS = {kind: TypeAdapter(list[Annotated[Any, BeforeValidator(partial(_checked, kind=kind))]]) for kind in _VALUES}
