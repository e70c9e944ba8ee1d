"""Types that check what callers send, shared by the routes."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, Strict, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from dispatch.formats.checks import can_be_id
from dispatch.formats.described import DescribedOnce
from dispatch.formats.times import NoTime, read_time

MAX_PAGE = 1_000_000_000
MAX_PAGE_SIZE = 100
PAGE_SIZE = 20
MAX_SEARCH = 200

_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,40}")
_ID = re.compile(r"-?[0-9]{1,40}", re.ASCII)
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ].*", re.DOTALL)


def _id_in_path(value: Any) -> int:
    if not _ID.fullmatch(str(value)):
        raise PydanticCustomError("invalid_id", "must be a whole number")
    if not can_be_id(int(value)):
        raise PydanticCustomError("invalid_id", "is too large for an id")
    return int(value)


def _time(value: Any) -> Any:
    # Pydantic would also take numbers, as seconds or milliseconds, by their size.
    if value is None:
        return None
    if not isinstance(value, str):
        raise PydanticCustomError("invalid_time", "must be a time, as text like 2030-01-31T09:00:00+02:00")
    if not _ISO_TIME.fullmatch(value):
        raise PydanticCustomError("invalid_time", "must be a time like 2030-01-31T09:00:00+02:00")
    try:
        return read_time(value)
    except NoTime:
        raise PydanticCustomError("invalid_time", "must be a time like 2030-01-31T09:00:00+02:00") from None
    except ValueError as problem:
        raise PydanticCustomError("invalid_time", "is not a time: {why}", {"why": str(problem)}) from None


def whole(value: Any) -> int:
    """Returns the whole number in a query; 1_0 and 1.0 are refused."""
    if not _WHOLE_NUMBER.fullmatch(str(value)):
        raise PydanticCustomError("invalid_number", "must be a whole number")
    return int(value)


def _page(value: Any) -> int:
    return min(max(whole(value or 1), 1), MAX_PAGE)


def _page_size(value: Any) -> int:
    size = whole(value or PAGE_SIZE)
    return PAGE_SIZE if size < 1 else min(size, MAX_PAGE_SIZE)


def storable(value: Any) -> Any:
    """Returns a text to search for; one that no row can contain is refused."""
    if "\0" in value or len(value) > MAX_SEARCH:
        raise PydanticCustomError("invalid_search", f"must have at most {MAX_SEARCH} characters, none of them NUL")
    return value


def empty_is_absent(value: Any) -> Any:
    """Returns None for the empty text that a form sends for a field left empty."""
    return None if value == "" else value


def _whole_or_empty(value: Any) -> int | None:
    return None if value in (None, "") else whole(value)


def or_empty(values: Iterable[str]) -> WithJsonSchema:
    """Returns the schema of a choice in a query that a form may leave empty."""
    return WithJsonSchema({"type": "string", "enum": [*values, ""]})


PathId = Annotated[int, BeforeValidator(_id_in_path)]
Time = Annotated[AwareDatetime, BeforeValidator(_time)]
# A time that may leave its zone to another field; the function it is given to refuses one without any.
ZonedTime = Annotated[datetime, BeforeValidator(_time)]
WholeNumber = Annotated[int, Strict()]


# A form sends `page=` for a field that was left empty; it means the default.
_NUMBER_OR_EMPTY = WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 0}]})
OptionalId = Annotated[int | None, BeforeValidator(_whole_or_empty), _NUMBER_OR_EMPTY]


class Given(DescribedOnce):
    """What a caller sends; an unknown field is refused, so that a misspelt one is not ignored."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _body_left_out(cls, given: Any) -> Any:
        """A body of which no field is needed may be left out."""
        needed = any(field.is_required() for field in cls.model_fields.values())
        return {} if given is None and not needed else given


class Organization(Given):
    """The account asked for; `auth.py` reads it on every route, since only an operator's key may name another one."""

    organization_id: str | None = Field(
        None, description="an account's id: only an operator's key may name one that is not its own"
    )


class Page(Organization):
    """Which page; a value out of range becomes the nearest valid one."""

    page: Annotated[int, BeforeValidator(_page), _NUMBER_OR_EMPTY] = 1
    page_size: Annotated[int, BeforeValidator(_page_size), _NUMBER_OR_EMPTY] = PAGE_SIZE
