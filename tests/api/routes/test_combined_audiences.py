"""Audiences of several lists and segments over HTTP: written, read, changed and refused."""

import pytest

from models.database import rows
from tests.factories import a_campaign, a_list, a_list_of, a_segment, an_account, combined, customers


@pytest.fixture
def people(account):
    return customers(account, 4)


@pytest.fixture
def athens(account, people):
    return a_segment(account, "location", "eq", "Athens", name="athens")


def test_what_is_written_is_what_is_read_and_sent(account, call, people, athens):
    bought = a_list_of(account, people[:1], name="bought")
    asked = {"include": {"segments": [athens]}, "exclude": {"lists": [bought]}}
    made = call("POST", "/api/campaigns", json={"name": "Sale", "base_template": "Hi", "combined": asked})
    assert (made.status_code, made.json["audience"]) == (201, {"kind": "combined", **asked})
    assert call("GET", "/api/campaigns").json["data"] == [made.json]
    shown = call("GET", f"/api/campaigns/{made.json['id']}/audience").json
    assert (shown["count"], shown["combined"]) == (
        3,
        {
            "include": [{"kind": "segment", "list_id": None, "segment_id": athens, "name": "athens", "people": 4}],
            "exclude": [{"kind": "list", "list_id": bought, "segment_id": None, "name": "bought", "people": 1}],
            "together": 4,
            "repeated": 0,
            "excluded": 1,
        },
    )
    plan = call("GET", f"/api/campaigns/{made.json['id']}/plan").json
    assert sum(zone["recipients"] for zone in plan["zones"]) == 3
    assert call("GET", f"/api/campaigns/{made.json['id']}/preview").json["estimate"]["recipients"] == 3
    assert call("POST", f"/api/campaigns/{made.json['id']}/enqueue").json["queued"] == 3
    assert [each["customer_id"] for each in rows("SELECT customer_id FROM message ORDER BY n")] == people[1:]


def test_a_change_replaces_all_parts(account, call, athens):
    campaign = a_campaign(account, combined=combined(segments=[athens])).id
    listed = a_list(account, 1)
    asked = {"include": {"everyone": True}, "exclude": {"lists": [listed]}}
    changed = call("PATCH", f"/api/campaigns/{campaign}", json={"combined": asked})
    assert changed.json["audience"] == {"kind": "combined", **asked}
    assert call("PATCH", f"/api/campaigns/{campaign}", json={"combined": None}).json["audience"] is None
    assert call("PATCH", f"/api/campaigns/{campaign}", json={"list_id": listed}).json["audience"] == {
        "kind": "list",
        "list_id": listed,
    }


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "combined.include"),
        ([], "combined"),
        ("lists", "combined"),
        ({"include": {}}, "combined.include"),
        ({"include": {"lists": []}}, "combined.include"),
        ({"include": {"lists": 1}}, "combined.include.lists"),
        ({"include": {"lists": ["1"]}}, "combined.include.lists"),
        ({"include": {"lists": [1.0]}}, "combined.include.lists"),
        ({"include": {"lists": [True]}}, "combined.include.lists"),
        ({"include": {"lists": [None]}}, "combined.include.lists"),
        ({"include": {"everyone": 1}}, "combined.include.everyone"),
        ({"include": {"list_ids": [1]}}, "combined.include.list_ids"),
        ({"include": {"lists": [1]}, "exclude": {"everyone": True}}, "combined.exclude.everyone"),
        ({"include": {"lists": [1]}, "except": {}}, "combined.except"),
        ({"include": {"lists": [1]}, "exclude": {"lists": [1]}}, "combined.exclude.lists"),
        ({"include": {"lists": [1], "everyone": True}}, "combined.include"),
        ({"include": {"lists": list(range(1, 22))}}, "combined"),
    ],
)
def test_parts_that_cannot_be_used_are_refused_by_their_name(account, call, asked, field):
    a_list(account, 1)
    campaign = a_campaign(account, everyone=True)
    for method, path, more in (
        ("POST", "/api/campaigns", {"name": "x"}),
        ("PATCH", f"/api/campaigns/{campaign.id}", {}),
    ):
        answer = call(method, path, json=more | {"combined": asked})
        assert (answer.status_code, answer.json["error"]["code"]) == (400, "INVALID_REQUEST"), answer.json
        assert field in str(answer.json["error"])
    assert rows("SELECT 1 FROM campaign") == [{"?column?": 1}]
    assert call("GET", f"/api/campaigns/{campaign.id}").json["audience"] == {"kind": "everyone"}


@pytest.mark.parametrize("role", ["include", "exclude"])
@pytest.mark.parametrize("kind", ["lists", "segments"])
def test_another_accounts_parts_are_as_if_there_were_none(account, call, athens, role, kind):
    other = an_account()
    theirs = a_list(other, 1) if kind == "lists" else a_segment(other, "zone", "is_null")
    for unknown in (theirs, 987_654):
        asked = {"include": {"segments": [athens]}}
        asked[role] = asked.get(role, {}) | {kind: [unknown]}
        answer = call("POST", "/api/campaigns", json={"name": "x", "combined": asked})
        assert answer.json["error"]["code"] == "RESOURCE_NOT_FOUND"
        assert answer.json["error"]["message"] == f"There is no such {kind[:-1]}."
    assert rows("SELECT 1 FROM campaign") == []


def test_a_combined_audience_is_the_only_one(account, call, athens):
    asked = {"include": {"segments": [athens]}}
    answer = call("POST", "/api/campaigns", json={"name": "x", "combined": asked, "everyone": True})
    assert answer.json["error"]["code"] == "INVALID_REQUEST"
    assert "given: everyone, combined" in answer.json["error"]["message"]
