"""Times in the bodies of requests, at every field of the API that takes one."""

import json

import pytest

from tests.api.tenants import MAKE


def _fields(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            name = body.get("schema", {}).get("$ref", "").rpartition("/")[2]
            for field, of_type in document["components"]["schemas"].get(name, {}).get("properties", {}).items():
                if '"date-time"' in json.dumps(of_type):
                    yield method.upper(), path, field


@pytest.fixture
def refusal(account, as_account):
    made = {name: make(account) for name, make in MAKE.items()}
    call, operator = as_account(account), as_account(None)

    def refusal(method, path, given):
        answer = call(method, path.format(**made), json=given)
        if answer.status_code == 403:
            answer = operator(method, f"{path.format(**made)}?organization_id={account.id}", json=given)
        return answer.json.get("error", {}).get("message", "")

    return refusal


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2035-12-31T23:59:60Z", "is not a time: the second must be from 00 to 59; it is 60."),
        ("2035-12-31T24:00:00Z", "is not a time: the hour must be from 00 to 23; it is 24."),
        ("2035-02-30T09:00:00+02:00", "is not a time: 2035-02 has 28 days, and no day 30."),
        ("31/01/2035 09:00", "must be a time like 2030-01-31T09:00:00+02:00."),
        ("2035-01-31", "must be a time like 2030-01-31T09:00:00+02:00."),
        (2_000_000_000, "must be a time, as text like 2030-01-31T09:00:00+02:00."),
    ],
)
def test_every_field_for_a_time_says_what_is_wrong_with_it(document, refusal, text, says):
    found = list(_fields(document))
    assert len({path for _, path, _ in found}) >= 6
    for method, path, field in found:
        assert f"{field}: {says}" in refusal(method, path, {field: text}), (method, path)


def test_every_field_for_a_time_takes_small_letters(document, refusal):
    for method, path, field in _fields(document):
        assert f"{field}:" not in refusal(method, path, {field: "2035-12-01t09:00:00z"}), (method, path)


def test_a_campaign_is_scheduled_for_a_time_in_small_letters(call):
    given = {"name": "Sale", "base_template": "Hi", "everyone": True, "scheduled_at": "2035-12-01t09:00:00z"}
    made = call("POST", "/api/campaigns", json=given)
    assert made.json["scheduled_at"] == "2035-12-01T09:00:00+00:00"


def test_a_segment_says_which_part_of_its_time_is_out_of_range(call):
    def made(value):
        condition = {"field": "created_at", "operator": "gte", "value": value}
        given = {"name": "New", "filter": {"logic": "and", "conditions": [condition]}}
        return call("POST", "/api/segments", json=given)

    assert "is not a time: the hour must be from 00 to 23; it is 24" in made("2025-12-31T24:00:00Z").text
    assert "must be a time with its zone, like" in made("yesterday").text
    assert made("2025-12-01t09:00:00z").status_code == 201
