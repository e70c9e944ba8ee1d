"""`campaign create --cron` and the verbs that stop a recurring campaign, as people and programs call them."""

import pytest

from models.database import rows
from scheduling.tick import tick
from tests.factories import an_account, customers

WEEKLY = ("--cron", "0 9 * * 1", "--zone", "Europe/Athens")


@pytest.fixture(autouse=True)
def _acme(db):
    customers(an_account(name="Acme"), 2)


@pytest.fixture
def create(cli):
    def call(*options):
        words = ("--account", "Acme", "--name", "Offer", "--template", "Hi {first_name}", "--everyone")
        return cli("campaign", "create", *words, *options, "--json")

    return call


def test_it_is_created_shown_and_listed_with_its_occurrences(cli, create):
    made = create(*WEEKLY, "--max-runs", 10).json
    assert (made["status"], made["schedule"]["description"]) == ("recurring", "every Monday at 09:00, Europe/Athens")
    assert cli("schedule", "show", made["schedule"]["id"], "--json").json["max_runs"] == 10
    shown = " ".join(cli("campaign", "show", made["id"]).stdout.split())
    assert "every Monday at 09:00, Europe/Athens" in shown
    cli("schedule", "run-now", made["schedule"]["id"])
    tick()
    [occurrence] = cli("campaign", "list", "--parent", made["id"], "--json").json
    assert (occurrence["kind"], occurrence["status"]) == ("occurrence", "sending")
    assert [each["id"] for each in cli("campaign", "list", "--kind", "normal", "--json").json] == [made["id"]]


def test_it_is_paused_resumed_unscheduled_and_cancelled(cli, create):
    made = create(*WEEKLY).json
    statuses = [
        cli("campaign", verb, made["id"], "--json").json["status"] for verb in ("pause", "resume", "unschedule")
    ]
    assert statuses == ["paused", "recurring", "draft"]
    assert cli("schedule", "show", made["schedule"]["id"], "--json").json["status"] == "cancelled"
    payload = f'{{"campaign_id": {made["id"]}}}'
    again = ("--account", "Acme", "--type", "campaign.execute", "--payload", payload, "--cron", "@daily")
    schedule = cli("schedule", "create", *again, "--json").json
    assert schedule["misfire"] == "skip"
    assert cli("campaign", "show", made["id"], "--json").json["status"] == "recurring"
    assert cli("schedule", "cancel", schedule["id"], "--json").json["status"] == "cancelled"
    assert cli("campaign", "show", made["id"], "--json").json["status"] == "cancelled"


def test_starting_it_by_hand_is_refused_with_the_command_that_does_it(cli, create):
    made = create(*WEEKLY).json
    refused = cli("campaign", "enqueue", made["id"], "--json").error
    assert refused["code"] == "INVALID_STATUS"
    assert f"`schedule run-now {made['schedule']['id']}`" in refused["message"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--cron", "0 0 9 * * 1"), "it has 6 fields"),
        (("--cron", "* * 31 2 *"), "it is never due"),
        (("--cron", "@daily", "--zone", "Mars"), "no IANA time zone"),
        (("--cron", "@daily", "--max-runs", "0"), "max_runs: it must be from 1"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_written(create, options, says):
    refused = create(*options).error
    assert refused["code"] == "INVALID_REQUEST"
    assert says in refused["message"]
    assert rows("SELECT 1 FROM campaign") == rows("SELECT 1 FROM schedule") == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--max-runs", "3"), "--max-runs goes with --cron only."),
        (("--misfire", "skip"), "--misfire goes with --cron only."),
        (("--cron", "@daily", "--schedule", "2090-01-31T09:00:00Z"), "Choose either --schedule"),
    ],
)
def test_options_that_contradict_each_other_are_a_usage_error(create, options, says):
    answer = create(*options)
    assert (answer.status, answer.stdout) == (2, "")
    assert says in answer.stderr
