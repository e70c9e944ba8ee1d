"""The conditions of a remote audience, which user-service evaluates: {"conditions": [{field, operator, value}, …]}.

Here only their form is checked; what a field means is known there. The operators are those of docs/remote.md.
"""

import json
from typing import Annotated, Any, Literal, get_args
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from dispatch.errors import InvalidRequest
from dispatch.formats.times import iso_time
from models.row import JsonObject

MAX_CONDITIONS = 50
# Of all conditions in an address; servers commonly refuse a request line of more than 8 KiB.
MAX_ENCODED = 6000

RemoteOperator = Literal[
    "EQUALS",
    "NOT_EQUALS",
    "GREATER_THAN",
    "LESS_THAN",
    "IN",
    "NOT_IN",
    "CONTAINS",
    "NOT_CONTAINS",
    "BEFORE",
    "AFTER",
]
Scalar = str | bool | int | float

_TAKES = {
    "IN": "a list of at least one text, number or boolean",
    "NOT_IN": "a list of at least one text, number or boolean",
    "BEFORE": "a date or time like 2030-01-31 or 2030-01-31T09:00:00Z",
    "AFTER": "a date or time like 2030-01-31 or 2030-01-31T09:00:00Z",
    "CONTAINS": "a text that is not empty",
    "NOT_CONTAINS": "a text that is not empty",
    "GREATER_THAN": "a number or a text",
    "LESS_THAN": "a number or a text",
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class RemoteCondition(_Part):
    """One condition on one field of a user."""

    field: str = Field(pattern=r"^[^\x00-\x1f\x7f]{1,100}$", description="a text of 1 to 100 characters")
    operator: RemoteOperator = Field(description=f"one of {', '.join(get_args(RemoteOperator))}")
    value: Scalar | list[Scalar] = Field(description="a text, a number or a boolean; for IN and NOT_IN a list of them")

    @field_validator("value")
    @classmethod
    def _suits_the_operator(cls, value: Any, info: ValidationInfo) -> Any:
        operator = info.data.get("operator", "EQUALS")
        if not _suits(value, operator):
            raise PydanticCustomError("unusable", f"must be {_TAKES.get(operator, 'a text, a number or a boolean')}")
        return value


class RemoteFilter(_Part):
    """Conditions that a user of the account's business must all meet; an empty list means every user."""

    conditions: list[RemoteCondition] = Field(
        max_length=MAX_CONDITIONS,
        description=f"a list of at most {MAX_CONDITIONS} conditions",
        examples=[[{"field": "city", "operator": "IN", "value": ["Athens", "Patras"]}]],
    )

    def stored(self) -> JsonObject:
        """Returns it as JSON."""
        return self.model_dump(mode="json")


def read_conditions(given: object) -> RemoteFilter:
    """Checks the conditions; InvalidRequest names the first part that cannot be used, and says what can."""
    try:
        found = RemoteFilter.model_validate(given)
    except ValidationError as refused:
        raise _refusal(refused) from None
    try:
        length = len(quote(json.dumps(found.stored()["conditions"], ensure_ascii=False)))
    except (UnicodeEncodeError, ValueError):
        raise InvalidRequest("remote: has a character that cannot be sent.", field="remote") from None
    if length > MAX_ENCODED:
        raise InvalidRequest(
            f"remote: takes {length} characters in an address; at most {MAX_ENCODED} are allowed.", field="remote"
        )
    return found


# Checked here, so that the command line refuses conditions in the same words.
Conditions = Annotated[RemoteFilter, BeforeValidator(read_conditions)]


def _refusal(refused: ValidationError) -> InvalidRequest:
    problem = refused.errors(include_url=False, include_context=False, include_input=False)[0]
    path = [str(part)[:100] for part in problem["loc"]]
    # After a field, pydantic also names the member of the union that it compared it with.
    known = [at for at, part in enumerate(path) if part in ("field", "operator", "value")]
    path = path[: known[0] + 1] if known else path
    where = ".".join(["remote", *path])
    match problem["type"]:
        case "unusable":
            says = problem["msg"]
        case "missing":
            says = f"is missing; it must be {_DESCRIPTIONS[path[-1]]}"
        case "extra_forbidden":
            says = "is not known; there are conditions, each with field, operator and value"
        case _ if path and path[-1] in _DESCRIPTIONS:
            says = f"must be {_DESCRIPTIONS[path[-1]]}"
        case _:
            says = 'must be an object like {"conditions": [{"field", "operator", "value"}]}'
    return InvalidRequest(f"{where}: {says}.", field=where)


_DESCRIPTIONS = {
    name: field.description for kind in (RemoteCondition, RemoteFilter) for name, field in kind.model_fields.items()
}


def _suits(value: Any, operator: str) -> bool:
    match operator:
        case "IN" | "NOT_IN":
            return isinstance(value, list) and bool(value) and all(map(_is_storable, value))
        case "BEFORE" | "AFTER":
            return isinstance(value, str) and _is_time(value)
        case "CONTAINS" | "NOT_CONTAINS":
            return isinstance(value, str) and bool(value) and _is_storable(value)
        case "GREATER_THAN" | "LESS_THAN":
            return isinstance(value, str | int | float) and not isinstance(value, bool) and _is_storable(value)
        case _:
            return not isinstance(value, list) and _is_storable(value)


def _is_storable(value: Any) -> bool:
    # PostgreSQL refuses NUL in JSON; JSON has no NaN and no infinity.
    if isinstance(value, float):
        return value - value == 0
    return not (isinstance(value, str) and "\0" in value)


def _is_time(text: str) -> bool:
    try:
        iso_time(text)
    except ValueError:
        return False
    return True
