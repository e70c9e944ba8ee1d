"""The filter of a segment, checked strictly: {"logic": "and", "conditions": [{field, operator, value}, …]}.

A condition is about a column of the customer or about `attributes.<key>`; a group of conditions may take the place of
one. Every condition is either true or false, so that a condition and its opposite divide the customers in two. An empty
field (NULL, no such attribute, JSON null) is `is_null`; it equals nothing, is neither greater nor less than anything,
contains nothing and is in no list. `neq` and `not_in` are the exact opposites of `eq` and `in`, so they are true of it.

`operators.py` says what an operator compares with, `filter_sql.py` turns a filter into SQL.
"""

from typing import Annotated, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from dispatch.audience.operators import FOLDABLE, OPERATORS, Kind, Operator, checked_value, unusable
from dispatch.errors import InvalidRequest
from dispatch.formats.checks import composed
from dispatch.formats.view import Time

MAX_CONDITIONS = 50
MAX_DEPTH = 3
MAX_KEY = 100

Column = Literal[
    "phone", "phone_type", "first_name", "last_name", "location", "prefered_product", "zone", "created_at", "consent"
]
# What is asked of other rows than the customer's own.
Relation = Literal["list", "received_campaign", "failed_campaign"]
Attribute = Annotated[str, Field(pattern=rf"^attributes\.[^\x00]{{1,{MAX_KEY}}}$")]
Scalar = str | bool | int | float

COLUMNS: dict[str, Kind] = {**dict.fromkeys(get_args(Column), "text"), "created_at": "time", "consent": "consent"}
FIELDS: dict[str, Kind] = {**COLUMNS, "list": "list", "received_campaign": "campaign", "failed_campaign": "campaign"}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Condition(_Part):
    """One condition on one field of a customer."""

    field: Column | Relation | Attribute = Field(
        description=f"one of {', '.join(FIELDS)}, or attributes. and a key of 1 to {MAX_KEY} characters"
    )
    operator: Operator = Field(description=f"one of {', '.join(get_args(Operator))}; not every field takes all of them")
    value: Time | Scalar | list[Scalar] | None = Field(
        None,
        validate_default=True,
        exclude_if=lambda value: value is None,
        description="a list for in, not_in, contains_any and contains_all; left out for is_null and is_not_null",
    )
    fold: bool = Field(
        False,
        exclude_if=lambda fold: not fold,
        description="true or false; true compares texts without regard to case and accents",
    )

    @property
    def kind(self) -> Kind:
        """Returns the kind of the field."""
        return FIELDS.get(self.field, "attribute")

    @property
    def key(self) -> str:
        """Returns the attribute's key, if the field is an attribute."""
        return self.field.removeprefix("attributes.")

    @field_validator("field", mode="before")
    @classmethod
    def _in_any_case(cls, field: object) -> object:
        if not isinstance(field, str):
            return field
        start, dot, key = field.partition(".")
        return start.lower() + dot + key

    @field_validator("operator", mode="before")
    @classmethod
    def _suits_the_field(cls, operator: object, info: ValidationInfo) -> object:
        usable = OPERATORS[FIELDS.get(info.data.get("field", ""), "attribute")]
        if operator not in usable:
            raise unusable(f"must be one of {', '.join(usable)} for this field")
        return operator

    @field_validator("value", mode="before")
    @classmethod
    def _suits_the_operator(cls, value: object, info: ValidationInfo) -> object:
        if not info.data.keys() >= {"field", "operator"}:
            return value  # what is wrong with those is refused first
        return checked_value(value, FIELDS.get(info.data["field"], "attribute"), info.data["operator"])

    @field_validator("fold")
    @classmethod
    def _is_of_texts(cls, fold: bool, info: ValidationInfo) -> bool:
        if not fold or not info.data.keys() >= {"field", "operator", "value"}:
            return fold
        value = info.data["value"]
        texts = all(isinstance(each, str) for each in (value if isinstance(value, list) else [value]))
        kind = FIELDS.get(info.data["field"], "attribute")
        if kind not in ("text", "attribute") or info.data["operator"] not in FOLDABLE or not texts:
            raise unusable(f"goes with texts, and with {', '.join(FOLDABLE)}")
        return fold


def _part(given: object, info: ValidationInfo) -> "Condition | Group":
    """Reads one of a group's conditions; the context counts how deep its group is."""
    if not isinstance(given, dict) or not given.keys() & {"logic", "conditions"}:
        return Condition.model_validate(given)
    depth = (info.context or 1) + 1
    if depth > MAX_DEPTH:
        raise unusable(f"is a group too deep; groups may be nested {MAX_DEPTH} deep")
    return Group.model_validate(given, context=depth)


class Group(_Part):
    """Conditions of which all (`and`) or any (`or`) must be true.

    A group may take the place of a condition, at most 3 deep, 50 conditions in all. An empty field equals nothing
    and is in no list, so `neq` and `not_in` are true for it.
    """

    logic: Literal["and", "or"] = Field(description="and, or or: whether all conditions must hold, or any")
    conditions: list[Annotated["Condition | Group", BeforeValidator(_part)]] = Field(
        min_length=1,
        max_length=MAX_CONDITIONS,
        description=f"a list of at least one condition or group, and at most {MAX_CONDITIONS}",
        examples=[[{"field": "attributes.age", "operator": "gte", "value": 18}]],
    )

    @field_validator("logic", mode="before")
    @classmethod
    def _in_any_case(cls, logic: object) -> object:
        return logic.lower() if isinstance(logic, str) else logic

    @model_validator(mode="after")
    def _is_not_too_large(self) -> "Group":
        if (count := _count(self)) > MAX_CONDITIONS:
            raise unusable(f"has {count} conditions; at most {MAX_CONDITIONS} are allowed")
        return self


def _count(part: Group | Condition) -> int:
    return sum(map(_count, part.conditions)) if isinstance(part, Group) else 1


def read_filter(given: object) -> Group:
    """Checks a filter; InvalidRequest names the first part that cannot be used, and says what can."""
    try:
        return Group.model_validate(composed(given))
    except ValidationError as refused:
        problem = refused.errors(include_url=False, include_context=False, include_input=False)[0]
    path = [str(part)[:MAX_KEY] for part in problem["loc"]]
    # After a field, pydantic also names the member of the union that it compared it with.
    path = path[: path.index("field") + 1] if "field" in path else path
    if problem["type"] == "unusable":
        says = problem["msg"]
    else:
        says = _SENTENCES.get(problem["type"]) or f"must be {_DESCRIPTIONS[path[-1]]}"
    where = ".".join(["filter", *path])
    raise InvalidRequest(f"{where}: {says}.", field=where)


_DESCRIPTIONS = {name: field.description for kind in (Condition, Group) for name, field in kind.model_fields.items()}
_SENTENCES = {
    "extra_forbidden": "is not known; a group has logic and conditions, a condition field, operator, value and fold",
    "model_type": "must be an object: a group with logic and conditions or, in one, a condition with field, operator "
    "and value",
}
