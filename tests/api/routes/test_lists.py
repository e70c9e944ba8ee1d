"""Lists over HTTP."""

import pytest

from models.database import rows
from tests.factories import a_campaign, a_list, an_account, customers
from tests.stored import stored_rows


def refused(answer, status, code, says=""):
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code), answer.json
    assert says in answer.json["error"]["message"]


def test_a_list_is_created_read_renamed_and_deleted(call):
    made = call("POST", "/api/lists", json={"name": " spring "})
    assert made.status_code == 201
    assert (made.json["name"], made.json["customers"]) == ("spring", 0)
    path = f"/api/lists/{made.json['id']}"
    assert call("GET", path).json == made.json
    renamed = call("PATCH", path, json={"name": "summer"})
    assert renamed.json == made.json | {"name": "summer"}
    deleted = call("DELETE", path)
    assert (deleted.status_code, deleted.data) == (204, b"")
    refused(call("GET", path), 404, "RESOURCE_NOT_FOUND")
    actions = [
        event["action"] for event in rows("SELECT action FROM audit_event WHERE action LIKE 'list.%' ORDER BY id")
    ]
    assert actions == ["list.created", "list.renamed", "list.deleted"]


def test_lists_are_paged_newest_first_counted_and_searched(account, call):
    made = [a_list(account, size, name=f"list {size}") for size in (1, 2, 3)]
    a_list(an_account(), 1)
    page = call("GET", "/api/lists?page=2&page_size=2").json
    assert [(each["id"], each["customers"]) for each in page["data"]] == [(made[0], 1)]
    assert page["pagination"]["total_count"] == 3
    assert [each["id"] for each in call("GET", "/api/lists?q=LIST 2").json["data"]] == [made[1]]


def test_customers_are_added_and_removed_and_count_once(account, call):
    list_id, ids = a_list(account, 1), customers(account, 3)
    path = f"/api/lists/{list_id}/members"
    assert call("POST", path, json={"customer_ids": [*ids, ids[0]]}).json == {"added": 3, "customers": 4}
    assert call("POST", path, json={"customer_ids": ids}).json == {"added": 0, "customers": 4}
    found = call("GET", f"{path}?page_size=2").json
    assert [customer["id"] for customer in found["data"]] == ids[:0:-1]
    assert found["pagination"]["total_count"] == 4
    remove = f"{path}/remove"
    assert call("POST", remove, json={"customer_ids": ids[:2]}).json == {"removed": 2, "customers": 2}
    assert call("POST", remove, json={"customer_ids": [*ids[:2], 987_654, 2**70]}).json == {
        "removed": 0,
        "customers": 2,
    }
    assert len(rows("SELECT 1 FROM customer")) == 4


def test_unknown_customers_are_named_and_no_one_is_added(account, call):
    list_id, mine, theirs = a_list(account, 1), customers(account, 1), customers(an_account(), 1)
    before = stored_rows()
    for wrong in (theirs[0], 987_654, 2**70):
        answer = call("POST", f"/api/lists/{list_id}/members", json={"customer_ids": [*mine, wrong]})
        refused(answer, 404, "CUSTOMER_NOT_FOUND", str(wrong))
    refused(call("POST", f"/api/lists/{list_id}/members", json={"customer_ids": []}), 400, "EMPTY_CUSTOMER_IDS")
    assert stored_rows() == before


def test_a_list_that_a_campaign_uses_cannot_be_deleted(account, call):
    campaign = a_campaign(account, recipients=2)
    list_id = rows("SELECT list_id FROM campaign")[0]["list_id"]
    before = stored_rows()
    refused(call("DELETE", f"/api/lists/{list_id}"), 409, "INVALID_STATUS", str(campaign.id))
    assert stored_rows() == before


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\x01b"])
def test_an_invalid_name_is_refused(account, call, name):
    list_id = a_list(account, 0)
    before = stored_rows()
    for method, path in (("POST", "/api/lists"), ("PATCH", f"/api/lists/{list_id}")):
        refused(call(method, path, json={"name": name}), 400, "INVALID_REQUEST", "name")
    assert stored_rows() == before


def test_a_name_is_unique_within_an_account(account, call, as_account):
    first, second = (call("POST", "/api/lists", json={"name": name}).json["id"] for name in ("one", "two"))
    before = stored_rows()
    refused(call("POST", "/api/lists", json={"name": "one"}), 409, "DUPLICATE", "one")
    refused(call("PATCH", f"/api/lists/{second}", json={"name": "one"}), 409, "DUPLICATE", "one")
    assert stored_rows() == before
    assert call("PATCH", f"/api/lists/{first}", json={"name": "one"}).status_code == 200
    assert as_account(an_account())("POST", "/api/lists", json={"name": "one"}).status_code == 201


def test_another_accounts_list_looks_like_a_missing_one(call):
    other = an_account()
    theirs, theirs_too = a_list(other, 1), customers(other, 1)
    before = stored_rows()
    for number in (theirs, 987_654):
        path = f"/api/lists/{number}"
        for method, address, body in (
            ("GET", path, {}),
            ("PATCH", path, {"json": {"name": "mine"}}),
            ("DELETE", path, {}),
            ("GET", f"{path}/members", {}),
            ("POST", f"{path}/members", {"json": {"customer_ids": theirs_too}}),
            ("POST", f"{path}/members/remove", {"json": {"customer_ids": theirs_too}}),
        ):
            refused(call(method, address, **body), 404, "RESOURCE_NOT_FOUND")
    assert stored_rows() == before
