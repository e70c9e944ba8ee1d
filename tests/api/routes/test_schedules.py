"""Schedules over HTTP: created, read, changed, stopped and run, and refused with the reason."""

from uuid import uuid4

import pytest

from api.http.errors import STATUS
from models.database import rows
from scheduling import registry
from scheduling.registry import register
from scheduling.tick import tick
from tests.stored import stored_rows

WEEKLY = {
    "job_type": "note",
    "job_payload": {"text": "hello"},
    "cron_expression": "0 9 * * 1",
    "timezone": "Europe/Athens",
}


@pytest.fixture
def jobs(monkeypatch):
    monkeypatch.setattr(registry, "_registered", {})
    done = []
    register("note", done.append)
    return done


@pytest.fixture
def call(account, as_account, jobs):
    return as_account(account)


@pytest.fixture
def weekly(call):
    return call("POST", "/api/schedules", json=WEEKLY).json


def refused(answer, code, says=""):
    assert (answer.status_code, answer.json["error"]["code"]) == (STATUS[code], code)
    assert says in answer.json["error"]["message"]


def test_a_schedule_is_created_active_with_its_rule_in_words(call, account):
    answer = call("POST", "/api/schedules", json=WEEKLY | {"max_runs": 10, "metadata": {"from": "reports"}})
    assert answer.status_code == 201
    made = answer.json
    assert made["description"] == "every Monday at 09:00, Europe/Athens"
    assert (made["status"], made["run_count"], made["max_runs"], made["metadata"]) == (
        "active",
        0,
        10,
        {"from": "reports"},
    )
    assert made["next_run_at"].endswith("+00:00")
    assert made["account_id"] == str(account.id)
    assert made["created_by"].startswith("key:")


def test_it_is_read_listed_changed_and_deleted(call, weekly):
    path = f"/api/schedules/{weekly['id']}"
    assert call("GET", path).json == weekly
    assert call("GET", "/api/schedules?status=active&job_type=note").json["data"] == [weekly]
    assert call("GET", "/api/schedules?status=paused").json["data"] == []
    assert call("GET", "/api/schedules?job_type=other").json["data"] == []
    changed = call("PATCH", path, json={"cron_expression": "@daily", "max_runs": 3}).json
    assert (changed["description"], changed["max_runs"]) == ("every day at 00:00, Europe/Athens", 3)
    assert call("PATCH", path, json={"max_runs": None}).json["max_runs"] is None
    assert call("GET", path).json["cron_expression"] == "@daily"
    assert call("DELETE", path).status_code == 204
    refused(call("GET", path), "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, "Name at least one thing to change: job_payload, cron_expression, scheduled_at"),
        ({"cron_expression": None}, "Give either cron_expression or scheduled_at"),
        ({"timezone": None}, "timezone"),
        ({"job_type": "other"}, "job_type"),
        ({"scheduled_at": "2020-01-31T09:00:00Z"}, "must be in the future"),
        ({"max_runs": 0}, "max_runs"),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_and_changes_nothing(call, weekly, wrong, says):
    before = stored_rows()
    refused(call("PATCH", f"/api/schedules/{weekly['id']}", json=wrong), "INVALID_REQUEST", says)
    assert stored_rows() == before


def test_it_is_paused_resumed_and_cancelled_and_the_trail_tells(call, weekly):
    path = f"/api/schedules/{weekly['id']}"
    assert [call("POST", f"{path}/{verb}").json["status"] for verb in ("pause", "resume", "cancel")] == [
        "paused",
        "active",
        "cancelled",
    ]
    refused(call("POST", f"{path}/resume"), "INVALID_STATUS", "The schedule is cancelled and cannot be resumed.")
    refused(call("PATCH", path, json={"max_runs": 3}), "INVALID_STATUS", "create another one")
    events = rows("SELECT action, details FROM audit_event WHERE subject = %s ORDER BY id", [weekly["id"]])
    assert [event["action"] for event in events] == [
        "schedule.created",
        "schedule.paused",
        "schedule.resumed",
        "schedule.cancelled",
    ]
    assert events[0]["details"] == {"job_type": "note"}


def test_it_runs_out_of_turn_and_the_run_can_be_read(call, weekly, jobs):
    path = f"/api/schedules/{weekly['id']}"
    asked = call("POST", f"{path}/run-now")
    assert (asked.status_code, asked.json["status"]) == (202, "pending")
    refused(call("POST", f"{path}/run-now"), "INVALID_STATUS", "one at a time")
    tick()
    [run] = call("GET", f"{path}/runs").json["data"]
    assert (run["status"], run["attempt"], run["run_at"]) == ("succeeded", 1, asked.json["run_at"])
    assert [job.payload for job in jobs] == [{"text": "hello"}]
    assert call("GET", path).json["run_count"] == 1


def test_the_next_times_are_in_its_zone(call, weekly):
    path = f"/api/schedules/{weekly['id']}/next"
    shown = call("GET", path).json
    assert (shown["timezone"], shown["description"]) == ("Europe/Athens", "every Monday at 09:00, Europe/Athens")
    assert len(shown["times"]) == 10
    assert {time[11:16] for time in shown["times"]} == {"09:00"}
    assert len(call("GET", f"{path}?count=3").json["times"]) == 3
    for count in ("0", "101", "1.5", "many"):
        refused(call("GET", f"{path}?count={count}"), "INVALID_REQUEST", "count")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"cron_expression": "0 0 9 * * 1"}, "cron_expression: it has 6 fields"),
        ({"cron_expression": "* * 31 2 *"}, "it is never due"),
        ({"timezone": "Mars/Olympus"}, "no IANA time zone"),
        ({"scheduled_at": "2090-01-31T09:00:00Z"}, "Give either cron_expression or scheduled_at"),
        ({"cron_expression": None}, "Give either cron_expression or scheduled_at"),
        ({"cron_expression": None, "scheduled_at": "2020-01-31T09:00:00Z"}, "must be in the future"),
        ({"cron_expression": None, "scheduled_at": "2090-01-31T09:00:00"}, "scheduled_at"),
        ({"max_runs": 0}, "max_runs"),
        ({"max_runs": "3"}, "max_runs"),
        ({"misfire": "never"}, "misfire"),
        ({"job_type": "nothing"}, "known: note"),
        ({"job_payload": [1]}, "job_payload"),
        ({"cron": "@daily"}, "cron"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_created(call, wrong, says):
    before = stored_rows()
    refused(call("POST", "/api/schedules", json=WEEKLY | wrong), "INVALID_REQUEST", says)
    assert stored_rows() == before


def test_a_status_that_does_not_exist_is_refused(call):
    refused(call("GET", "/api/schedules?status=sleeping"), "INVALID_REQUEST", "status is one of active")


def test_the_same_request_twice_creates_one_schedule(call):
    headers = {"Idempotency-Key": str(uuid4())}
    answers = [call("POST", "/api/schedules", json=WEEKLY, headers=headers).json for _ in range(2)]
    assert answers[0] == answers[1]
    assert call("GET", "/api/schedules").json["pagination"]["total_count"] == 1


def test_a_key_that_may_only_write_starts_nothing(account, as_account, call, weekly):
    writer = as_account(account, scopes=["read", "write"])
    path = f"/api/schedules/{weekly['id']}"
    assert writer("POST", f"{path}/pause").status_code == 200
    refused(writer("POST", f"{path}/resume"), "FORBIDDEN")
    refused(writer("POST", "/api/schedules", json=WEEKLY), "FORBIDDEN")
