"""The operators of a segment's filter, and which values each compares a field with.

The type of the value decides how it is compared. A text is compared with texts, character by character and
case-sensitively; a number with numbers, and with texts that are written as one, as an import stores them; true and
false only with each other. The operators of the calendar compare dates: texts in ISO 8601, as an import keeps them.
Lists and campaigns are named by their ids; the names of lists are read in `filter_account.py`.
"""

import re
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, FiniteFloat, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from dispatch.errors import InvalidRequest
from dispatch.formats.checks import MAX_ID, can_be_id, checked_time
from dispatch.formats.dates import date_of
from dispatch.formats.times import NoTime, iso_time
from models.customers.customer import CONSENTS, Consent

MAX_VALUES = 1000
MAX_TEXT = 1000
MAX_DAYS = 3660

# So many lists or campaigns in a condition.
MAX_NAMED = 100
# What a campaign's messages became is looked for in each campaign of so many days.
MAX_CAMPAIGN_DAYS = 366

Kind = Literal["text", "time", "attribute", "consent", "list", "campaign"]
Order = Literal["gt", "gte", "lt", "lte"]
Membership = Literal["in", "not_in"]
Arrays = Literal["contains_any", "contains_all"]
Emptiness = Literal["is_null", "is_not_null"]
Dates = Literal["before", "after"]
Days = Literal["in_last_days", "in_next_days", "anniversary_in_days"]
Calendar = Literal[Dates, Days, "anniversary_in_month"]
OnList = Literal["in_list", "not_in_list"]
Lately = Literal["in_last_days", "not_in_last_days"]
Operator = Literal["eq", "neq", Order, "contains", Membership, Arrays, Emptiness, Calendar, OnList, "not_in_last_days"]
# Those that may compare texts without regard to case and accents.
FOLDABLE = ("eq", "neq", "contains", "in", "not_in")

OPERATORS: dict[Kind, tuple[str, ...]] = {
    "text": get_args(Literal["eq", "neq", Order, "contains", Membership, Emptiness]),
    "time": get_args(Literal["eq", "neq", Order, Emptiness, Calendar]),
    "attribute": get_args(Literal["eq", "neq", Order, "contains", Membership, Arrays, Emptiness, Calendar]),
    "consent": get_args(Literal["eq", "neq", Membership]),
    "list": get_args(OnList),
    "campaign": get_args(Literal["eq", "neq", Membership, Lately]),
}


def unusable(problem: str) -> PydanticCustomError:
    """Returns the error by which a validator says what is wrong with a part of a filter; the words follow its name."""
    return PydanticCustomError("unusable", problem)


def checked_value(value: object, kind: Kind, operator: str) -> Any:
    """Returns the value with the type that the operator compares with a field of this kind; for a validator."""
    if kind == "list":
        return _names(value)
    if kind == "campaign" and operator in get_args(Lately):
        return _whole(value, 0, MAX_CAMPAIGN_DAYS, "a number of days")
    if operator in get_args(Emptiness):
        if value is not None:
            raise unusable(f"must be left out: {operator} takes none")
        return None
    if operator in get_args(Literal[Membership, Arrays]):
        most = MAX_NAMED if kind == "campaign" else MAX_VALUES
        if not isinstance(value, list) or not 1 <= len(value) <= most:
            raise unusable(f"must be a list of 1 to {most} values")
        values = _LISTS[kind].validate_python(value)
        return [as_number(each) for each in values] if kind == "attribute" and operator in _OF_ONE_VALUE else values
    if operator in get_args(Calendar):
        return _of_calendar(value, operator)
    value = _checked(value, kind)
    if operator == "contains" and (not isinstance(value, str) or not value):
        raise unusable("must be a text of at least one character")
    if operator in get_args(Order) and isinstance(value, bool):
        raise unusable("must be a text or a number, which have an order")
    if operator in get_args(Order) and isinstance(value, str) and _UNDECIDED.fullmatch(value) and kind == "attribute":
        decimals, thousands = value.replace(",", "."), value.replace(",", "")
        raise unusable(f"may be {decimals} or {thousands}; write it as a number, without quotes")
    return as_number(value) if kind == "attribute" and operator in _OF_ONE_VALUE else value


def as_number(value: Any) -> Any:
    """Returns the number, if this is a text with a decimal comma (10,5 or 1.234,5), and else the value as it is."""
    if isinstance(value, str) and _WITH_COMMA.fullmatch(value) and not _UNDECIDED.fullmatch(value):
        return float(value.replace(".", "").replace(",", "."))
    return value


def _names(value: object) -> list[int | str]:
    """Returns ids, and names, as a list."""
    values: list[Any] = value if isinstance(value, list) else [value]
    if not 1 <= len(values) <= MAX_NAMED:
        raise unusable(f"must be the id or name of a list, or a list of 1 to {MAX_NAMED} of them")
    for each in values:
        if not (isinstance(each, str) and each.strip() and "\0" not in each) and not _is_id(each):
            raise unusable("must be the id or name of a list, or several")
    return values


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and can_be_id(value)


def _of_calendar(value: object, operator: str) -> str | int:
    """Returns a date in ISO 8601, a number of days or a month."""
    if operator in get_args(Dates):
        if not isinstance(value, str) or len(value) != len("2030-01-31") or date_of(value) is None:
            raise unusable("must be a date, like 2030-01-31")
        return value
    least, most, what = (1, 12, "a month") if operator == "anniversary_in_month" else (0, MAX_DAYS, "a number of days")
    return _whole(value, least, most, what)


def _whole(value: object, least: int, most: int, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise unusable(f"must be {what} from {least} to {most}")
    return value


def _checked(value: object, kind: Kind) -> Any:
    what, of_type = _VALUES[kind]
    try:
        return of_type.validate_python(value, strict=True)
    except ValidationError as problem:
        if kind == "time" and (found := problem.errors()[0])["type"] == _OUT_OF_RANGE:
            raise unusable(f"is not a time: {found['msg']}") from None
        raise unusable(
            f"must be {what}" + ("; is_null finds what is empty" if "is_null" in OPERATORS[kind] else "")
        ) from None


def _time(given: object) -> datetime | None:
    try:
        return checked_time(iso_time(str(given)), field="value")
    except InvalidRequest as problem:
        raise ValueError(problem.message) from None
    except NoTime:
        raise
    except ValueError as problem:
        raise PydanticCustomError(_OUT_OF_RANGE, "{why}", {"why": str(problem)}) from None


_OUT_OF_RANGE = "out_of_range"
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
    "consent": (f"one of {', '.join(CONSENTS)}", TypeAdapter(Consent)),
    "campaign": ("the id of a campaign", TypeAdapter(Annotated[int, Field(ge=1, le=MAX_ID)])),
}
# Numbers with a decimal comma, as `as_number` of the database reads them; what may be thousands is none.
_WITH_COMMA = re.compile(r"[+-]?([0-9]{1,30}|[0-9]{1,3}([.][0-9]{3}){1,9}),[0-9]{1,30}")
_UNDECIDED = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_OF_ONE_VALUE = ("eq", "neq", *get_args(Order), *get_args(Membership))
_LISTS = {kind: TypeAdapter(list[Annotated[Any, BeforeValidator(partial(_checked, kind=kind))]]) for kind in _VALUES}
