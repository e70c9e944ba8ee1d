"""Segments over HTTP: stored, changed, previewed, and refused with the invalid part named."""

import pytest

from api.http.errors import STATUS
from models.database import row, rows
from tests.factories import a_campaign, an_account, customers

ATHENS = {"logic": "AND", "conditions": [{"field": "location", "operator": "eq", "value": "Athens"}]}
NO_ONE = {"logic": "or", "conditions": [{"field": "attributes.vip", "operator": "eq", "value": True}]}


@pytest.fixture
def athens(call):
    return call("POST", "/api/segments", json={"name": "Athens", "filter": ATHENS}).json


def refused(answer, code, says=""):
    assert (answer.status_code, answer.json["error"]["code"]) == (STATUS[code], code)
    assert says in answer.json["error"]["message"]


def test_a_segment_is_stored_read_listed_changed_and_deleted(call, athens):
    path = f"/api/segments/{athens['id']}"
    assert athens["filter"] == ATHENS | {"logic": "and"}
    assert call("GET", path).json == athens
    assert call("GET", "/api/segments").json["data"] == [athens]
    changed = call("PATCH", path, json={"name": "VIP", "filter": NO_ONE}).json
    assert (changed["name"], changed["filter"]) == ("VIP", NO_ONE)
    assert call("PATCH", path, json={"name": "Gone"}).json["filter"] == NO_ONE
    assert call("DELETE", path).status_code == 204
    refused(call("GET", path), "RESOURCE_NOT_FOUND")
    actions = rows("SELECT action FROM audit_event WHERE action LIKE 'segment.%' ORDER BY id")
    assert [event["action"] for event in actions] == [
        "segment.created",
        "segment.changed",
        "segment.changed",
        "segment.deleted",
    ]


def test_a_segment_is_previewed_whether_stored_or_not(account, call, athens):
    people = customers(account, 12)
    customers(an_account(), 1)
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = %s", [people[0]])
    for path, body in ((f"/api/segments/{athens['id']}/preview", None), ("/api/segments/preview", {"filter": ATHENS})):
        shown = call("POST", path, **({"json": body} if body else {})).json
        assert shown["count"] == 11
        assert [person["id"] for person in shown["sample"]] == people[1:11]
        assert shown["excluded"]["opted_out"] == 1
    assert call("POST", "/api/segments/preview", json={"filter": NO_ONE}).json["count"] == 0


def test_a_campaign_for_a_segment_is_started_over_http(account, call, athens):
    customers(account, 3)
    campaign = call(
        "POST", "/api/campaigns", json={"name": "x", "base_template": "Hi", "segment_id": athens["id"]}
    ).json
    assert campaign["audience"]["segment_id"] == athens["id"]
    assert call("POST", f"/api/campaigns/{campaign['id']}/enqueue").json["queued"] == 3


@pytest.mark.parametrize(
    ("filter", "field"),
    [
        ({}, "filter.logic"),
        ({"logic": "and", "conditions": []}, "filter.conditions"),
        (
            {"logic": "and", "conditions": [{"field": "password", "operator": "eq", "value": 1}]},
            "filter.conditions.0.field",
        ),
        (
            {"logic": "and", "conditions": [{"field": "phone", "operator": "~", "value": "1"}]},
            "filter.conditions.0.operator",
        ),
        (
            {"logic": "and", "conditions": [{"field": "phone", "operator": "eq", "value": 1}]},
            "filter.conditions.0.value",
        ),
        ("location = 'Athens'", "filter"),
        (None, "filter"),
    ],
)
def test_an_invalid_filter_is_refused_on_every_route(call, athens, filter, field):
    answers = [
        call("POST", "/api/segments", json={"name": "x", "filter": filter}),
        call("POST", "/api/segments/preview", json={"filter": filter}),
    ]
    if filter is not None:  # which would leave the filter as it is
        answers.append(call("PATCH", f"/api/segments/{athens['id']}", json={"filter": filter}))
    for answer in answers:
        refused(answer, "INVALID_REQUEST", field)
        assert answer.json["error"]["details"]["field"] == field
    assert rows("SELECT id FROM segment") == [{"id": athens["id"]}]


def test_a_segments_name_is_unique_within_an_account(call, athens, as_account):
    refused(call("POST", "/api/segments", json={"name": "Athens", "filter": ATHENS}), "DUPLICATE")
    other = call("POST", "/api/segments", json={"name": "x", "filter": ATHENS}).json["id"]
    refused(call("PATCH", f"/api/segments/{other}", json={"name": "Athens"}), "DUPLICATE")
    assert (
        as_account(an_account())("POST", "/api/segments", json={"name": "Athens", "filter": ATHENS}).status_code == 201
    )


def test_a_segment_of_a_campaign_that_has_not_started_cannot_be_deleted(account, call, athens):
    a_campaign(account, segment_id=athens["id"])
    refused(call("DELETE", f"/api/segments/{athens['id']}"), "INVALID_STATUS")
    assert call("GET", f"/api/segments/{athens['id']}").json == athens


def test_another_accounts_segment_does_not_exist(athens, as_account):
    other = as_account(an_account())
    path = f"/api/segments/{athens['id']}"
    for method, address, body in (
        ("GET", path, None),
        ("POST", f"{path}/preview", None),
        ("PATCH", path, {"name": "Mine"}),
        ("DELETE", path, None),
        ("POST", "/api/campaigns", {"name": "Sale", "segment_id": athens["id"]}),
    ):
        refused(other(method, address, **({"json": body} if body else {})), "RESOURCE_NOT_FOUND")
    assert other("GET", "/api/segments").json["data"] == []
    assert row("SELECT name FROM segment") == {"name": "Athens"}


def test_an_attribute_that_nobody_has_is_a_warning_in_every_answer(call):
    call("POST", "/api/customers", json={"phone": "+306912345678", "attributes": {"coupon": "A"}})
    asked = {"logic": "and", "conditions": [{"field": "attributes.cupon", "operator": "is_not_null"}]}
    made = call("POST", "/api/segments", json={"name": "holders", "filter": asked})
    assert made.status_code == 201
    [warning] = made.json["warnings"]
    assert (warning["field"], warning["nearest"]) == ("attributes.cupon", "attributes.coupon")
    path = f"/api/segments/{made.json['id']}"
    answers = [
        call("PATCH", path, json={"filter": asked}),
        call("GET", path),
        call("POST", f"{path}/preview"),
        call("POST", "/api/segments/preview", json={"filter": asked}),
    ]
    assert [answer.json["warnings"] for answer in answers] == [[warning]] * len(answers)
    assert call("GET", "/api/segments").json["data"] == [call("GET", path).json]
