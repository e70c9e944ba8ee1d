"""The conditions of a remote audience: what they may say, and how they are refused."""

import pytest

from dispatch.audience.conditions import MAX_CONDITIONS, RemoteOperator, read_conditions
from dispatch.errors import InvalidRequest

CITY = {"field": "city", "operator": "EQUALS", "value": "Αθήνα"}


def condition(operator, value, field="x"):
    return {"conditions": [{"field": field, "operator": operator, "value": value}]}


@pytest.mark.parametrize(
    "given",
    [
        {"conditions": []},
        {"conditions": [{"field": "a", "operator": "EQUALS", "value": 1}] * MAX_CONDITIONS},
        condition("EQUALS", True),
        condition("NOT_EQUALS", ""),
        condition("GREATER_THAN", 3),
        condition("LESS_THAN", "m"),
        condition("IN", ["a", 1, False, 2.5]),
        condition("NOT_IN", ["a"]),
        condition("CONTAINS", "a"),
        condition("NOT_CONTAINS", "a"),
        condition("BEFORE", "2030-01-31"),
        condition("AFTER", "2030-01-31T09:00:00+02:00"),
    ],
)
def test_conditions_are_kept_as_they_were_given(given):
    assert read_conditions(given).stored() == given


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (None, r"^remote: must be an object"),
        ([], r"^remote: must be an object"),
        ({}, r"^remote\.conditions: is missing"),
        ({"conditions": [], "logic": "or"}, r"^remote\.logic: is not known"),
        ({"conditions": "x"}, r"^remote\.conditions: must be a list"),
        ({"conditions": [CITY] * (MAX_CONDITIONS + 1)}, r"^remote\.conditions: must be a list of at most 50"),
        ({"conditions": [CITY, {"field": "city"}]}, r"^remote\.conditions\.1\.operator: is missing"),
        (condition("eq", 1), r"^remote\.conditions\.0\.operator: must be one of EQUALS, "),
        (condition("EQUALS", 1, field=""), r"^remote\.conditions\.0\.field: must be a text of 1 to 100"),
        (condition("EQUALS", None), r"^remote\.conditions\.0\.value: must be a text"),
        (condition("EQUALS", ["a"]), r"^remote\.conditions\.0\.value: must be a text, a number or a boolean\.$"),
        (condition("EQUALS", "a\0"), r"^remote\.conditions\.0\.value: must be"),
        (condition("EQUALS", float("nan")), r"^remote\.conditions\.0\.value: must be"),
        (condition("IN", []), r"^remote\.conditions\.0\.value: must be a list of at least one"),
        (condition("NOT_IN", "a"), r"^remote\.conditions\.0\.value: must be a list of at least one"),
        (condition("CONTAINS", ""), r"^remote\.conditions\.0\.value: must be a text that is not empty"),
        (condition("GREATER_THAN", True), r"^remote\.conditions\.0\.value: must be a number or a text"),
        (condition("BEFORE", "tomorrow"), r"^remote\.conditions\.0\.value: must be a date or time"),
        (condition("IN", ["α" * 500] * 3), r"^remote: takes \d+ characters in an address"),
        (condition("EQUALS", "\ud800"), r"^remote"),
    ],
)
def test_conditions_that_cannot_be_used_are_refused_by_name(given, says):
    with pytest.raises(InvalidRequest, match=says):
        read_conditions(given)


def test_the_operators_are_those_of_user_service():
    assert len(RemoteOperator.__args__) == 10
