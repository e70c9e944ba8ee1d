"""Customers over HTTP."""

import pytest

from models.database import rows
from tests.factories import an_account, customers


@pytest.fixture
def account(db):
    return an_account(country="GR")


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_customers_phone_is_sent_as_people_write_it_and_stored_as_e164(call, prefix):
    body = {
        "phone": "691 234 5678", "first_name": " Ζωή ", "last_name": "O'Neil", "location": "Nairobi",
        "prefered_product": "Premium Package", "attributes": {"size": 42, "likes": ["😀"]}, "zone": "Europe/Athens",
    }  # fmt: skip
    made = call("POST", f"{prefix}/customers", json=body)
    assert made.status_code == 201
    assert made.json["phone"] == "+306912345678"
    assert made.json["first_name"] == "Ζωή"
    assert {key: made.json[key] for key in ("attributes", "zone")} == {key: body[key] for key in ("attributes", "zone")}
    assert made.json["consent"] == "subscribed"
    assert call("GET", f"{prefix}/customers").json["data"] == [made.json]


def test_a_phone_without_a_country_code_needs_the_accounts_country(db, as_account):
    call = as_account(an_account())
    assert call("POST", "/api/customers", json={"phone": "691 234 5678"}).json["error"]["code"] == "INVALID_REQUEST"
    assert call("POST", "/api/customers", json={"phone": "+30 691 234 5678"}).status_code == 201


def test_pages_are_newest_first_and_of_ones_own_account_only(account, call):
    made = customers(account, 5)
    customers(an_account(), 2)
    answer = call("GET", "/customers?page=2&page_size=2").json
    assert [customer["id"] for customer in answer["data"]] == [made[2], made[1]]
    assert answer["pagination"] == {"page": 2, "page_size": 2, "total_count": 5, "total_pages": 3}


@pytest.mark.parametrize(("q", "found"), [("first3", 1), ("FIRST", 5), ("900000004", 1), ("%", 0), ("nobody", 0)])
def test_customers_are_found_by_name_or_phone(account, call, q, found):
    customers(account, 5)
    assert call("GET", "/api/customers", query_string={"q": q}).json["pagination"]["total_count"] == found


@pytest.mark.parametrize("q", ["a\0b", "x" * 201])
def test_a_search_for_what_cannot_be_stored_is_refused(call, q):
    answer = call("GET", "/api/customers", query_string={"q": q})
    assert (answer.status_code, answer.json["error"]["details"]["field"]) == (400, "q")


def test_a_customer_is_read_edited_and_deleted(account, call):
    made = call("POST", "/api/customers", json={"phone": "691 234 5678", "first_name": "Ann", "attributes": {"a": 1}})
    path = f"/api/customers/{made.json['id']}"
    assert call("GET", path).json == made.json
    changes = {"phone": "691 234 5679", "location": " Athens ", "attributes": {"b": [2]}, "zone": "Europe/Athens"}
    edited = call("PATCH", path, json=changes)
    assert edited.status_code == 200
    assert edited.json == made.json | changes | {"phone": "+306912345679", "location": "Athens"}
    assert call("PATCH", path, json={"location": None, "first_name": ""}).json["location"] is None
    deleted = call("DELETE", path)
    assert (deleted.status_code, deleted.data) == (204, b"")
    assert call("GET", path).json["error"]["code"] == "CUSTOMER_NOT_FOUND"
    trail = rows("SELECT action FROM audit_event WHERE action LIKE 'customer.%' ORDER BY id")
    assert [event["action"] for event in trail] == [
        "customer.created",
        "customer.edited",
        "customer.edited",
        "customer.deleted",
    ]


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_customer_answers_with_and_without_the_prefix(account, call, prefix):
    [customer_id] = customers(account, 1)
    assert call("GET", f"{prefix}/customers/{customer_id}").status_code == 200
    assert call("GET", f"{prefix}/customers/export").mimetype == "text/csv"


def test_unsubscribing_suppresses_and_subscribing_lifts_that_only_on_request(account, call):
    [customer_id] = customers(account, 1)
    path = f"/api/customers/{customer_id}"

    def standing(**changes):
        shown = call("PATCH", path, json=changes).json
        return shown["consent"], shown["suppressed"]

    assert standing(consent="unsubscribed") == ("unsubscribed", True)
    assert standing(consent="subscribed") == ("subscribed", True)
    assert standing(consent="subscribed", remove_opt_out=True) == ("subscribed", False)


def test_subscribing_again_lifts_an_opt_out_and_nothing_else(account, call):
    [customer_id] = customers(account, 1)
    phone = call("GET", f"/api/customers/{customer_id}").json["phone"]
    call("POST", "/api/suppressions", json={"phone": phone, "reason": "complaint"})
    body = {"consent": "subscribed", "remove_opt_out": True}
    assert call("PATCH", f"/api/customers/{customer_id}", json=body).json["suppressed"] is True


def test_an_unsubscribed_customer_stays_suppressed_under_another_number(account, call):
    [customer_id] = customers(account, 1)
    path = f"/api/customers/{customer_id}"
    call("PATCH", path, json={"consent": "unsubscribed"})
    moved = call("PATCH", path, json={"phone": "691 234 5679"}).json
    assert (moved["phone"], moved["suppressed"]) == ("+306912345679", True)


@pytest.mark.parametrize("reason", ["opted_out", "complaint"])
def test_a_suppression_follows_a_customer_to_another_number_and_stays_on_the_old_one(account, call, reason):
    [customer_id] = customers(account, 1)
    path = f"/api/customers/{customer_id}"
    old = call("GET", path).json["phone"]
    call("POST", "/api/suppressions", json={"phone": old, "reason": reason})
    assert call("PATCH", path, json={"phone": "691 234 5679"}).json["suppressed"] is True
    listed = call("GET", "/api/suppressions").json["data"]
    assert {(each["phone"], each["reason"]) for each in listed} == {(old, reason), ("+306912345679", reason)}
    assert call("PATCH", path, json={"phone": old}).json["suppressed"] is True
    assert len(call("GET", "/api/suppressions").json["data"]) == 2
    events = rows("SELECT subject, details FROM audit_event WHERE action = 'suppression.added'")
    assert len(events) == 2
    assert "+30" not in str(events)


def test_a_new_number_whose_owner_subscribes_again_may_be_messaged(account, call):
    [customer_id] = customers(account, 1)
    path = f"/api/customers/{customer_id}"
    call("PATCH", path, json={"consent": "unsubscribed"})
    again = {"phone": "691 234 5679", "consent": "subscribed", "remove_opt_out": True}
    assert call("PATCH", path, json=again).json["suppressed"] is False


def test_another_number_of_a_customer_who_may_be_messaged_may_be_messaged(account, call):
    [customer_id, other] = customers(account, 2)
    call("POST", "/api/suppressions", json={"phone": call("GET", f"/api/customers/{other}").json["phone"]})
    assert call("PATCH", f"/api/customers/{customer_id}", json={"phone": "691 234 5679"}).json["suppressed"] is False


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ({}, "INVALID_REQUEST", "at least one"),
        ({"phone": "123"}, "INVALID_REQUEST", "phone"),
        ({"phone": None}, "INVALID_REQUEST", "phone"),
        ({"phone": "+306900000001"}, "DUPLICATE", "phone"),
        ({"first_name": None}, "INVALID_REQUEST", "first_name"),
        ({"first_name": "x" * 256}, "INVALID_REQUEST", "255"),
        ({"zone": "Mars/Base"}, "INVALID_REQUEST", "time zone"),
        ({"consent": "maybe"}, "INVALID_REQUEST", "consent"),
        ({"id": 5}, "INVALID_REQUEST", "id"),
        ({"remove_opt_out": True}, "INVALID_REQUEST", "at least one"),
        ({"consent": "unsubscribed", "remove_opt_out": True}, "INVALID_REQUEST", "remove_opt_out"),
        ({"attributes": []}, "INVALID_REQUEST", "attributes"),
    ],
    ids=range(12),
)
def test_an_invalid_edit_changes_nothing(account, call, given, code, says):
    first, _ = customers(account, 2)
    before = rows("SELECT * FROM customer ORDER BY id"), rows("SELECT * FROM suppression")
    answer = call("PATCH", f"/api/customers/{first}", json=given)
    assert answer.json["error"]["code"] == code, answer.json
    assert says in answer.json["error"]["message"]
    assert (rows("SELECT * FROM customer ORDER BY id"), rows("SELECT * FROM suppression")) == before


def test_another_accounts_customer_looks_like_a_missing_one(call):
    [theirs] = customers(an_account(), 1)
    before = rows("SELECT * FROM customer"), rows("SELECT * FROM suppression")
    for number in (theirs, 987_654):
        for method, body in (("GET", {}), ("PATCH", {"json": {"consent": "unsubscribed"}}), ("DELETE", {})):
            answer = call(method, f"/api/customers/{number}", **body)
            assert (answer.status_code, answer.json["error"]["code"]) == (404, "CUSTOMER_NOT_FOUND")
    assert call("GET", "/api/customers/export").text.splitlines()[1:] == []
    assert (rows("SELECT * FROM customer"), rows("SELECT * FROM suppression")) == before


def test_an_export_runs_nothing_in_a_spreadsheet(account, call):
    call("POST", "/api/customers", json={"phone": "+306912345678", "first_name": "=cmd|' /C calc'!A0"})
    exported = call("GET", "/api/customers/export")
    assert exported.headers["Content-Disposition"] == 'attachment; filename="customers.csv"'
    assert exported.text.splitlines()[1] == "+306912345678,'=cmd|' /C calc'!A0,,,,,subscribed"


def test_attributes_are_listed_with_types_and_counts_and_without_values(account, call):
    for number, attributes in enumerate([{"Coupon": "AB-1", "visits": 3}, {"Coupon": "CD-2"}]):
        call("POST", "/api/customers", json={"phone": f"691234567{number}", "attributes": attributes})
    answer = call("GET", "/api/attributes?page_size=1")
    coupon = {"name": "Coupon", "type": "text", "customers": 2, "types": {"text": 2}, "estimated": False}
    assert answer.json["data"] == [coupon]
    assert answer.json["pagination"]["total_count"] == 2
    assert "AB-1" not in call("GET", "/api/attributes").text
