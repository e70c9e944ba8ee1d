"""Campaigns that compare several texts, over HTTP."""

import csv
import io

import pytest

from tests.factories import an_account, customers

pytestmark = pytest.mark.usefixtures("redis")

TWO = [{"text": "Hi {first_name}!", "share": 70}, {"text": "Hello {first_name}!", "share": 30}]


@pytest.fixture
def account(db):
    account = an_account()
    customers(account, 30)
    return account


def body(**fields):
    return {"name": "Sale", "everyone": True, **fields}


def test_texts_are_given_shown_and_previewed(account, call):
    made = call("POST", "/api/campaigns", json=body(variants=TWO, hold_back=40)).json
    assert (made["variants"], made["hold_back"], made["base_template"]) == (TWO, 40, "Hi {first_name}!")
    path = f"/api/campaigns/{made['id']}"
    preview = call("GET", f"{path}/preview?first=30").json
    assert [(each["variant"], each["share"]) for each in preview["variants"]] == [(1, 70), (2, 30)]
    assert {each["variant"] for each in preview["messages"]} == {1, 2, None}
    assert {each.get("skipped") for each in preview["messages"] if each["variant"] is None} == {"held_back"}
    call("POST", f"{path}/enqueue")
    shown = {each["customer_id"]: each["variant"] for each in preview["messages"]}
    sent = call("GET", f"{path}/messages?page_size=100").json["data"]
    assert {each["customer_id"]: each.get("variant") for each in sent} == shown
    lines = csv.DictReader(io.StringIO(call("GET", f"{path}/messages.csv").text))
    assert {int(line["customer_id"]): line["variant"] for line in lines} == {
        person: str(number or "") for person, number in shown.items()
    }
    one = call("PATCH", f"/api/campaigns/{call('POST', f'{path}/duplicate').json['id']}", json={"variants": None}).json
    assert (one["variants"], one["hold_back"], one["base_template"]) == ([], 0, "Hi {first_name}!")


@pytest.mark.parametrize(
    "fields",
    [
        {"variants": TWO[:1]},
        {"variants": [*TWO, *TWO]},
        {"variants": TWO, "base_template": "Hi"},
        {"variants": [{"text": "Hi", "share": "50"}, {"text": "Ho", "share": 50}]},
        {"variants": [{"text": "Hi", "share": 50.5}, {"text": "Ho", "share": 49.5}]},
        {"variants": [{"text": "Hi", "weight": 1}, {"text": "Ho"}]},
        {"variants": [{"share": 50}, {"text": "Ho", "share": 50}]},
        {"variants": [{"text": "H\u0000i"}, {"text": "Ho"}]},
        {"variants": [{"text": None}, {"text": "Ho"}]},
        {"variants": "Hi"},
        {"variants": TWO, "hold_back": 91},
        {"variants": TWO, "hold_back": -1},
        {"variants": TWO, "hold_back": None},
        {"variants": TWO, "hold_back": 10**30},
        {"base_template": "Hi", "hold_back": 10},
    ],
)
def test_texts_that_cannot_be_compared_are_refused(account, call, fields):
    answer = call("POST", "/api/campaigns", json=body(**fields))
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "INVALID_REQUEST")
    assert call("GET", "/api/campaigns").json["data"] == []


def test_results_are_read_and_the_winner_is_sent(account, call):
    made = call("POST", "/api/campaigns", json=body(variants=TWO, hold_back=40)).json
    path = f"/api/campaigns/{made['id']}"
    assert call("POST", f"{path}/send-winner", json={"variant": 2}).json["error"]["code"] == "INVALID_STATUS"
    assert call("POST", f"{path}/enqueue").status_code == 202
    found = call("GET", f"{path}/results?by=opted_out").json
    assert (found["by"], found["winner"], [each["sent"] for each in found["variants"]]) == ("opted_out", None, [0, 0])
    assert call("GET", f"{path}/results?by=luck").json["error"]["code"] == "INVALID_REQUEST"
    for wrong in ({}, {"variant": 3}, {"variant": 0}, {"variant": "2"}, {"variant": None}):
        assert call("POST", f"{path}/send-winner", json=wrong).json["error"]["code"] == "INVALID_REQUEST"
    sent = call("POST", f"{path}/send-winner", json={"variant": 2})
    assert sent.status_code == 202, sent.json
    assert call("POST", f"{path}/send-winner", json={"variant": 2}).json["error"]["code"] == "NO_RECIPIENTS"
