"""Recurring campaigns over HTTP: created, listed with their occurrences, stopped, and each account's own."""

from uuid import uuid4

import pytest

from api.app import web_app
from api.http.errors import STATUS
from config.settings import settings
from dispatch.accounts.accounts import change_account
from dispatch.audit import audit
from dispatch.campaigns.approval import approve_campaign
from dispatch.start.occurrences import register_occurrences
from models.database import rows
from models.schedules.schedule import Schedule
from models.tenancy import ALL_ACCOUNTS
from scheduling import registry
from scheduling.registry import known_types
from scheduling.tick import tick
from tests.factories import a_campaign, an_account, asking, customers
from tests.recurring import a_pattern, deliver_all, occurrences_of
from tests.stored import stored_rows

WEEKLY = {
    "name": "Offer",
    "base_template": "Hi {first_name}",
    "everyone": True,
    "cron_expression": "0 9 * * 1",
    "timezone": "Europe/Athens",
}


@pytest.fixture(autouse=True)
def _registered(db):
    register_occurrences()


def refused(answer, code, says=""):
    assert (answer.status_code, answer.json["error"]["code"]) == (STATUS[code], code), answer.json
    assert says in answer.json["error"]["message"]


def be_due():
    rows("UPDATE schedule SET next_run_at = date_trunc('minute', now())")


def test_a_recurring_campaign_is_created_with_its_schedule_sends_and_is_listed(call, account):
    customers(account, 2)
    answer = call("POST", "/api/campaigns", json=WEEKLY | {"max_runs": 1})
    assert answer.status_code == 201
    made = answer.json
    assert (made["status"], made["scheduled_at"], made["occurrence_at"]) == ("recurring", None, None)
    assert (made["schedule"]["description"], made["schedule"]["status"]) == (
        "every Monday at 09:00, Europe/Athens",
        "active",
    )
    schedule = call("GET", f"/api/schedules/{made['schedule']['id']}").json
    assert (schedule["job_type"], schedule["job_payload"]) == ("campaign.execute", {"campaign_id": made["id"]})
    assert (schedule["max_runs"], schedule["misfire"], schedule["next_run_at"]) == (
        1,
        "skip",
        made["schedule"]["next_run_at"],
    )
    be_due()
    assert tick() == {"succeeded": 1}
    deliver_all(made["id"])
    [occurrence] = call("GET", f"/api/campaigns?parent_id={made['id']}").json["data"]
    assert (occurrence["kind"], occurrence["status"], occurrence["stats"]["sent"]) == ("occurrence", "completed", 2)
    assert occurrence["occurrence_at"]
    assert occurrence["schedule"] is None
    assert call("GET", f"/api/campaigns/{made['id']}").json["status"] == "completed"
    assert audit(ALL_ACCOUNTS) == []


def test_the_generic_route_makes_the_same_state(call, account):
    by_campaign = call("POST", "/api/campaigns", json=WEEKLY).json
    draft = a_campaign(account, everyone=True)
    answer = call(
        "POST",
        "/api/schedules",
        json={
            "job_type": "campaign.execute",
            "job_payload": {"campaign_id": draft.id},
            "cron_expression": WEEKLY["cron_expression"],
            "timezone": WEEKLY["timezone"],
        },
    )
    assert answer.status_code == 201
    by_schedule = call("GET", f"/api/campaigns/{draft.id}").json
    # The zone of its own times has the campaign of the first request only.
    ignored = ("id", "created_at", "name", "base_template", "timezone")
    for one in (by_campaign, by_schedule):
        for name in ignored:
            del one[name]
        del one["schedule"]["id"]
    assert by_campaign == by_schedule


def test_campaigns_are_listed_by_parent_and_kind(call, account):
    customers(account, 1)
    patterns = [a_pattern(account), a_pattern(account)]
    be_due()
    tick()
    for pattern in patterns:
        [occurrence] = call("GET", f"/api/campaigns?parent_id={pattern.id}&kind=occurrence").json["data"]
        assert occurrence["parent_id"] == pattern.id
    assert call("GET", "/api/campaigns?kind=occurrence").json["pagination"]["total_count"] == 2
    assert call("GET", "/api/campaigns?kind=normal&parent_id=").json["pagination"]["total_count"] == 2
    assert call("GET", f"/api/campaigns?parent_id={patterns[0].id}&kind=retry").json["data"] == []
    refused(call("GET", "/api/campaigns?kind=pattern"), "INVALID_REQUEST", "kind must be one of")
    refused(call("GET", f"/api/campaigns?parent_id={2**70}"), "CAMPAIGN_NOT_FOUND")
    for wrong in ("many", "1.5"):
        refused(call("GET", f"/api/campaigns?parent_id={wrong}"), "INVALID_REQUEST", "parent_id")


@pytest.mark.parametrize(
    ("wrong", "code", "says"),
    [
        ({"cron_expression": "0 0 9 * * 1"}, "INVALID_REQUEST", "it has 6 fields"),
        ({"cron_expression": ""}, "INVALID_REQUEST", "cron_expression"),
        ({"cron_expression": "* * 31 2 *"}, "INVALID_REQUEST", "it is never due"),
        ({"timezone": "Mars/Olympus"}, "INVALID_REQUEST", "no IANA time zone"),
        ({"max_runs": 0}, "INVALID_REQUEST", "max_runs: it must be from 1"),
        ({"misfire": "never"}, "INVALID_REQUEST", "misfire"),
        ({"scheduled_at": "2090-01-31T09:00:00Z"}, "INVALID_REQUEST", "Give either cron_expression or scheduled_at."),
        ({"cron_expression": None, "max_runs": 3}, "INVALID_REQUEST", "max_runs: it goes with cron_expression only."),
        (
            {"cron_expression": None, "misfire": "skip"},
            "INVALID_REQUEST",
            "misfire: it goes with cron_expression only.",
        ),
        ({"base_template": ""}, "NO_MESSAGE_TEXT", "A recurring campaign needs a text"),
        ({"everyone": False}, "NO_TARGET_AUDIENCE", "A recurring campaign needs an audience"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_created(call, wrong, code, says):
    before = stored_rows()
    refused(call("POST", "/api/campaigns", json=WEEKLY | wrong), code, says)
    assert stored_rows() == before


def test_without_a_zone_it_is_due_by_the_clocks_of_the_account(call, account):
    rows("UPDATE account SET zone = 'Asia/Tokyo'")
    made = call("POST", "/api/campaigns", json={**WEEKLY, "timezone": None}).json
    assert made["schedule"]["description"] == "every Monday at 09:00, Asia/Tokyo"


def test_the_same_request_twice_creates_one(call):
    headers = {"Idempotency-Key": str(uuid4())}
    first, second = (call("POST", "/api/campaigns", json=WEEKLY, headers=headers).json for _ in range(2))
    assert first == second
    assert rows("SELECT count(*)::int AS n FROM schedule") == [{"n": 1}]


def test_a_key_that_may_only_write_makes_nothing_recurring_but_may_stop_it(account, as_account, call):
    writer = as_account(account, scopes=["read", "write"])
    refused(writer("POST", "/api/campaigns", json=WEEKLY), "FORBIDDEN")
    path = f"/api/campaigns/{call('POST', '/api/campaigns', json=WEEKLY).json['id']}"
    assert writer("POST", f"{path}/pause").json["schedule"]["status"] == "paused"
    refused(writer("POST", f"{path}/resume"), "FORBIDDEN")
    refused(writer("PATCH", path, json={"base_template": "New"}), "FORBIDDEN")
    assert writer("POST", f"{path}/unschedule").json["status"] == "draft"


def test_it_is_not_started_by_hand_and_the_refusal_says_how(call):
    made = call("POST", "/api/campaigns", json=WEEKLY).json
    answer = call("POST", f"/api/campaigns/{made['id']}/enqueue")
    refused(answer, "INVALID_STATUS", f"run-now {made['schedule']['id']}")
    assert call("POST", f"/api/schedules/{made['schedule']['id']}/run-now").status_code == 202
    refused(call("DELETE", f"/api/campaigns/{made['id']}"), "INVALID_STATUS")


def test_another_account_cannot_use_the_campaign_its_schedule_or_its_occurrences(account, as_account):
    other = an_account()
    customers(account, 1)
    stranger = as_account(other)
    draft, pattern = a_campaign(account, everyone=True), a_pattern(account)
    be_due()
    tick()
    named = {"job_type": "campaign.execute", "cron_expression": "@daily"}
    for campaign_id in (draft.id, pattern.id, 2**40):
        answer = stranger("POST", "/api/schedules", json=named | {"job_payload": {"campaign_id": campaign_id}})
        refused(answer, "INVALID_REQUEST", f"there is no campaign {campaign_id}.")
    for verb in ("pause", "resume", "cancel", "unschedule", "enqueue"):
        refused(stranger("POST", f"/api/campaigns/{pattern.id}/{verb}"), "CAMPAIGN_NOT_FOUND")
        if verb in ("pause", "resume", "cancel"):
            refused(stranger("POST", f"/api/schedules/{pattern.schedule.id}/{verb}"), "RESOURCE_NOT_FOUND")
    refused(stranger("GET", f"/api/campaigns?parent_id={pattern.id}"), "CAMPAIGN_NOT_FOUND")
    assert rows("SELECT status FROM campaign ORDER BY id") == [
        {"status": status} for status in ("draft", "recurring", "sending")
    ]
    assert rows("SELECT status FROM schedule") == [{"status": "active"}]


def test_a_page_of_campaigns_asks_for_their_schedules_once(call, account, monkeypatch):
    for _ in range(3):
        a_pattern(account)
    asked = []
    by_id = Schedule.by_id
    monkeypatch.setattr(Schedule, "by_id", lambda ids: asked.append(len(ids)) or by_id(ids))
    assert len(call("GET", "/api/campaigns").json["data"]) == 3
    assert asked == [3]


def test_an_occurrence_to_chosen_customers_keeps_the_approval_of_its_pattern(account):
    change_account(asking(account.id), {"approval_above": 2})
    pattern = a_pattern(account, customer_ids=customers(account, 3))
    approve_campaign(asking(account.id, actor="second"), pattern.id, revision=pattern.revision)
    be_due()
    assert tick() == {"succeeded": 1}
    [occurrence] = occurrences_of(pattern.id)
    assert (occurrence.status, occurrence.approved_by, occurrence.stats.total) == ("sending", "second", 3)


def test_the_trail_says_who_made_it_recurring_and_what_followed(call, account):
    customers(account, 1)
    made = call("POST", "/api/campaigns", json=WEEKLY).json
    call("POST", f"/api/campaigns/{made['id']}/pause")
    events = rows("SELECT action, actor FROM audit_event WHERE subject = %s ORDER BY id", [str(made["id"])])
    assert [event["action"] for event in events] == ["campaign.created", "campaign.made_recurring", "campaign.paused"]
    assert events[0]["actor"] == events[1]["actor"]
    assert events[2]["actor"] == f"schedule:{made['schedule']['id']}"
    [paused] = rows("SELECT actor FROM audit_event WHERE action = 'schedule.paused'")
    assert paused["actor"] == events[0]["actor"]


def test_web_registers_the_type_however_often_the_application_is_made(servers, monkeypatch):
    monkeypatch.setattr(registry, "_registered", {})
    for _ in range(2):
        web_app(settings())
    assert known_types() == ["campaign.execute"]


def test_an_operator_names_the_account(as_account, account):
    operator = as_account(None)
    refused(operator("POST", "/api/campaigns", json=WEEKLY), "INVALID_REQUEST", "organization_id")
    made = operator("POST", f"/api/campaigns?organization_id={account.id}", json=WEEKLY).json
    assert (made["account_id"], made["status"]) == (str(account.id), "recurring")


def test_without_a_zone_of_its_own_a_rule_is_on_the_clocks_of_the_account(call, account):
    change_account(asking(account.id), {"zone": "Asia/Tokyo"})
    made = call("POST", "/api/campaigns", json={**WEEKLY, "timezone": None}).json
    assert made["schedule"]["timezone"] == "Asia/Tokyo"
