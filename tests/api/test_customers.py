"""Customers over HTTP."""

import pytest

from tests.factories import an_account, customers


@pytest.fixture
def account(db):
    return an_account(country="GR")


@pytest.fixture
def call(account, as_account):
    return as_account(account)


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_customer_is_added_as_people_write_it_and_kept_as_e164(call, prefix):
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


def test_a_phone_without_a_country_needs_the_accounts(db, as_account):
    call = as_account(an_account())
    assert call("POST", "/api/customers", json={"phone": "691 234 5678"}).json["error"]["code"] == "INVALID_REQUEST"
    assert call("POST", "/api/customers", json={"phone": "+30 691 234 5678"}).status_code == 201


def test_pages_are_newest_first_and_only_ones_own(account, call):
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
