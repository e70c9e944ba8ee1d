"""Campaigns that compare several texts, over HTTP."""

import csv
import io

import pytest

from tests.dispatch.variants.comparing import decide, fall_due
from tests.factories import an_account, customers
from tests.sending import answering, deliver

pytestmark = pytest.mark.usefixtures("redis")

TWO = [{"text": "Hi {first_name}!", "share": 70}, {"text": "Hello {first_name}!", "share": 30}]
RULE = {"after_hours": 4, "by": "replied", "if_too_early": "leading"}
WRONG_RULES = (
    {"after_hours": 0},
    {"after_hours": 169},
    {"after_hours": 1.5},
    {"after_hours": "4"},
    {"after_hours": True},
    {"after_hours": None},
    {"after_hours": 10**30},
    {"by": "luck"},
    {"by": ["replied"]},
    {"if_too_early": "first"},
    {"if_too_early": None},
    {"variant": 1},
)


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
        {"variants": TWO, "winner_rule": RULE},
        {"base_template": "Hi", "winner_rule": RULE},
        {"variants": TWO, "hold_back": 10, "winner_rule": {**RULE, "by": "clicked"}},
        *({"variants": TWO, "hold_back": 10, "winner_rule": {**RULE, **wrong}} for wrong in WRONG_RULES),
        {"variants": TWO, "hold_back": 10, "winner_rule": {"after_hours": 4}},
        {"variants": TWO, "hold_back": 10, "winner_rule": {"by": "replied"}},
        {"variants": TWO, "hold_back": 10, "winner_rule": "replied"},
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


def test_a_rule_is_given_shown_changed_and_removed(account, call):
    made = call("POST", "/api/campaigns", json=body(variants=TWO, hold_back=40, winner_rule=RULE)).json
    assert made["winner_rule"] == RULE
    path = f"/api/campaigns/{made['id']}"
    assert call("GET", path).json["winner_rule"] == RULE

    def edited(**fields):
        answer = call("PATCH", path, json=fields)
        return answer.json.get("winner_rule"), answer.json.get("revision"), answer.json.get("error", {}).get("code")

    assert edited(name="New") == (RULE, made["revision"], None)
    assert edited(hold_back=50) == (RULE, made["revision"] + 1, None)
    shorter = {"after_hours": 1, "by": "delivered"}
    assert edited(winner_rule=shorter) == ({**shorter, "if_too_early": "wait"}, made["revision"] + 2, None)
    by_clicks = {**RULE, "by": "clicked"}
    assert edited(winner_rule=by_clicks)[2] == "INVALID_REQUEST"
    assert edited(winner_rule=by_clicks, track_links=True)[0] == by_clicks
    assert edited(track_links=False)[2] == "INVALID_REQUEST"
    assert edited(hold_back=0, winner_rule=by_clicks)[2] == "INVALID_REQUEST"
    assert edited(winner_rule=None)[0] is None
    assert edited(winner_rule=RULE)[0] == RULE
    # With no one held back there is nothing to decide.
    assert edited(hold_back=0)[0] is None
    assert edited(winner_rule=RULE)[2] == "INVALID_REQUEST"
    assert edited(hold_back=30, winner_rule=RULE)[0] == RULE
    assert edited(variants=[{"text": "One"}, {"text": "Two"}])[0] == RULE
    assert edited(variants=None)[0] is None


def test_results_say_what_was_decided_and_until_when_those_who_were_held_back_wait(account, call):
    made = call("POST", "/api/campaigns", json=body(variants=TWO, hold_back=40, winner_rule=RULE)).json
    path = f"/api/campaigns/{made['id']}"
    call("POST", f"{path}/enqueue")
    found = call("GET", f"{path}/results").json
    # The measure of the rule, before anyone waits for it.
    assert (found["by"], found["held_back"], found["decisions"]) == ("replied", None, [])
    deliver(answering(), made["id"])
    waiting = call("GET", f"{path}/results").json["held_back"]
    assert waiting["decide_at"] > waiting["since"]
    assert (waiting["blocked_reason"], waiting["next_check_at"]) == (None, None)
    fall_due(made["id"])
    [child_id] = decide()
    assert call("GET", f"/api/campaigns/{child_id}").json["variant"] == 1
    found = call("GET", f"{path}/results").json
    [decision] = found["decisions"]
    assert (decision["variant"], decision["child_id"], decision["by_rule"]) == (1, child_id, True)
    assert (decision["measure"], decision["withheld"], decision["verdict"][:9]) == ("replied", None, "Too early")
    assert [each["variant"] for each in decision["figures"]] == [1, 2]
    assert found["held_back"] is None


def test_a_rule_is_ended_and_closed(account, call):
    made = call("POST", "/api/campaigns", json=body(variants=TWO, hold_back=40, winner_rule=RULE)).json
    path = f"/api/campaigns/{made['id']}"
    assert call("POST", f"{path}/withhold-winner").json["error"]["code"] == "INVALID_STATUS"
    call("POST", f"{path}/enqueue")
    for wrong in ({"for_good": "yes"}, {"for_good": 1}, {"for_good": None}, {"close": True}, [], "x"):
        answer = call("POST", f"{path}/withhold-winner", json=wrong)
        assert (answer.status_code, answer.json["error"]["code"]) == (400, "INVALID_REQUEST"), wrong
    deliver(answering(), made["id"])
    key = {"Idempotency-Key": "once"}
    found = call("POST", f"{path}/withhold-winner", headers=key)
    assert (found.status_code, found.json["held_back"]["decide_at"]) == (200, None)
    assert call("POST", f"{path}/withhold-winner", headers=key).json == found.json
    assert call("POST", f"{path}/withhold-winner").json["error"]["code"] == "INVALID_STATUS"
    closed = call("POST", f"{path}/withhold-winner", json={"for_good": True}).json
    assert closed["held_back"] is None
    assert [each["withheld"] for each in closed["decisions"]] == ["closed", "stopped"]
