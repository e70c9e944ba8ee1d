"""`schedule`: every verb, as people and programs call it."""

import json

import pytest

from scheduling import registry
from scheduling.registry import register
from scheduling.tick import tick
from tests.factories import an_account


@pytest.fixture(autouse=True)
def _acme(db, monkeypatch):
    monkeypatch.setattr(registry, "_registered", {})
    register("note", lambda job: None)
    an_account(name="Acme")


WEEKLY = ("--account", "Acme", "--type", "note", "--cron", "0 9 * * MON", "--zone", "Europe/Athens")


@pytest.fixture
def weekly(cli):
    return cli("schedule", "create", *WEEKLY, "--payload", '{"text": "hello"}', "--json").json


def test_a_schedule_is_created_shown_and_listed(cli, weekly):
    assert (weekly["status"], weekly["job_payload"]) == ("active", {"text": "hello"})
    assert weekly["created_by"].startswith("cli:")
    assert cli("schedule", "show", weekly["id"], "--json").json == weekly
    assert cli("schedule", "list", "--account", "Acme", "--json").json == [weekly]
    assert cli("schedule", "list", "--status", "paused", "--json").json == []
    assert cli("schedule", "list", "--type", "other", "--json").json == []
    assert "every Monday at 09:00, Europe/Athens" in " ".join(cli("schedule", "show", weekly["id"]).stdout.split())


def test_a_list_that_is_read_by_a_program_has_a_line_for_each_schedule_with_nothing_cut_off(cli, weekly):
    [line] = [line for line in cli("schedule", "list").stdout.splitlines() if weekly["id"] in line]
    assert "every Monday at 09:00, Europe/Athens" in line
    assert weekly["next_run_at"] in line


def test_the_next_times_are_shown_in_its_zone(cli, weekly):
    assert len(cli("schedule", "next", weekly["id"], "--json").json["times"]) == 10
    shown = cli("schedule", "next", weekly["id"], 3).stdout.splitlines()
    assert shown[0] == "every Monday at 09:00, Europe/Athens"
    assert len([line for line in shown if "Mon" in line and "09:00 +0" in line]) == 3


def test_it_is_changed_paused_resumed_cancelled_and_deleted(cli, weekly):
    changed = cli("schedule", "update", weekly["id"], "--at", "2090-01-31T09:00:00+02:00", "--json").json
    assert (changed["cron_expression"], changed["next_run_at"]) == (None, "2090-01-31T07:00:00+00:00")
    statuses = [cli("schedule", verb, weekly["id"], "--json").json["status"] for verb in ("pause", "resume", "cancel")]
    assert statuses == ["paused", "active", "cancelled"]
    assert cli("schedule", "pause", weekly["id"], "--json").error["code"] == "INVALID_STATUS"
    assert cli("schedule", "delete", weekly["id"], "--json").json == {"id": weekly["id"], "deleted": True}
    assert cli("schedule", "show", weekly["id"], "--json").error["code"] == "RESOURCE_NOT_FOUND"


def test_its_limit_of_runs_is_set_and_removed(cli, weekly):
    update = ("schedule", "update", weekly["id"])
    assert cli(*update, "--max-runs", "3", "--json").json["max_runs"] == 3
    assert cli(*update, "--grace", "60", "--json").json["max_runs"] == 3
    assert cli(*update, "--no-max-runs", "--json").json["max_runs"] is None
    both = cli(*update, "--max-runs", "3", "--no-max-runs")
    assert (both.status, both.stdout) == (2, "")
    assert "not both" in both.stderr


def test_an_update_of_nothing_is_refused(cli, weekly):
    refused = cli("schedule", "update", weekly["id"], "--json").error
    assert refused["code"] == "INVALID_REQUEST"
    assert refused["message"].startswith("Name at least one thing to change")


def test_it_runs_out_of_turn_and_its_runs_are_listed(cli, weekly):
    assert cli("schedule", "run-now", weekly["id"], "--json").json["status"] == "pending"
    tick()
    [run] = cli("schedule", "runs", weekly["id"], "--json").json
    assert run["status"] == "succeeded"
    assert "succeeded" in cli("schedule", "runs", weekly["id"]).stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--cron", "* * 31 2 *"), "it is never due"),
        (("--at", "tomorrow"), "--at: 'tomorrow' is not a time; write it like"),
        (("--at", "2035-12-31T24:00Z"), "is not a time (the hour must be from 00 to 23; it is 24); write it like"),
        (("--cron", "@daily", "--zone", "Mars"), "no IANA time zone"),
        (("--cron", "@daily", "--max-runs", "0"), "max_runs: it must be from 1"),
        (("--cron", "@daily", "--payload", "{"), "--payload: this is not JSON"),
        (("--cron", "@daily", "--payload", json.dumps({"text": "\0"})), "JSON cannot hold"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(cli, words, says):
    refused = cli("schedule", "create", "--account", "Acme", "--type", "note", *words, "--json").error
    assert refused["code"] == "INVALID_REQUEST"
    assert says in refused["message"]
    assert cli("schedule", "list", "--json").json == []


@pytest.mark.parametrize("words", [(), ("--cron", "@daily", "--at", "2090-01-31T09:00:00Z")])
def test_both_rules_or_none_are_a_usage_error(cli, words):
    answer = cli("schedule", "create", "--account", "Acme", "--type", "note", *words)
    assert (answer.status, answer.stdout) == (2, "")
    assert "Use either --cron EXPRESSION or --at ISO8601." in answer.stderr


def test_a_payload_that_is_no_object_is_a_usage_error(cli):
    answer = cli("schedule", "create", *WEEKLY, "--payload", "[1]")
    assert (answer.status, answer.stdout) == (2, "")
