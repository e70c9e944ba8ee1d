"""`campaign enqueue`, `schedule`, `unschedule`, `pause`, `resume`, `cancel`: which states allow them."""

from io import BytesIO

import pytest

from dispatch.customers.import_upload import Wish, start_import
from models.database import row
from tests.cli.refusing import assert_refused
from tests.factories import a_campaign, a_list, an_account, arrange_state, asking
from tests.sending import started
from tests.stored import stored_rows

AT = "2090-01-31T09:00:00+02:00"


@pytest.fixture
def acme(cli):
    return an_account(name="Acme")


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("draft", ("pause",)),
        ("draft", ("resume",)),
        ("draft", ("unschedule",)),
        ("sending", ("schedule", AT)),
        ("sending", ("unschedule",)),
        ("sending", ("resume",)),
        ("completed", ("schedule", AT)),
        ("completed", ("pause",)),
        ("completed", ("resume",)),
        ("completed", ("cancel",)),
        ("cancelled", ("pause",)),
        ("cancelled", ("enqueue",)),
        ("cancelled", ("cancel",)),
        ("failed", ("enqueue",)),
    ],
)
def test_a_forbidden_move_names_the_state_and_changes_nothing(cli, acme, state, words):
    campaign = a_campaign(acme, recipients=1).id
    arrange_state(campaign, state)
    before = stored_rows()
    verb, *rest = words
    error = cli("campaign", verb, campaign, *rest, "--json").error
    assert error["code"] == "INVALID_STATUS"
    assert state in error["message"]
    assert stored_rows() == before


def test_a_later_time_replaces_an_earlier_one(cli, acme):
    campaign = a_campaign(acme, recipients=1).id
    cli("campaign", "schedule", campaign, AT)
    moved = cli("campaign", "schedule", campaign, "2091-01-31T09:00:00+02:00", "--json").json
    assert (moved["status"], moved["scheduled_at"]) == ("scheduled", "2091-01-31T07:00:00+00:00")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("tomorrow", "2030-01-31T09:00:00+02:00"),
        ("2020-01-31T09:00:00Z", "future"),
        ("2090-01-31T09:00:00", "zone"),
        ("2090-02-31T09:00:00Z", "not a time"),
    ],
)
def test_an_invalid_time_is_refused(cli, acme, wrong, says):
    campaign = a_campaign(acme, recipients=1).id
    assert_refused(cli, "campaign", "schedule", campaign, wrong, code="INVALID_REQUEST", says=says)


def test_a_paused_campaign_keeps_its_reason_until_it_resumes(cli, acme):
    campaign = started(acme, recipients=2)
    assert "paused" in cli("campaign", "pause", campaign, "--reason", "[/wrong] price").stdout
    assert "[/wrong] price" in cli("campaign", "show", campaign).stdout
    assert cli("campaign", "resume", campaign, "--json").json["status"] == "sending"
    assert row("SELECT reason FROM campaign") == {"reason": None}


def test_a_cancelled_campaign_is_final(cli, acme):
    campaign = started(acme, recipients=2)
    assert "cancelled" in cli("campaign", "cancel", campaign).stdout
    assert cli("campaign", "enqueue", campaign, "--json").error["code"] == "INVALID_STATUS"
    assert cli("campaign", "watch", campaign).status == 0


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        ({}, "NO_TARGET_AUDIENCE"),
        ({"everyone": True}, "NO_RECIPIENTS"),
        ({"recipients": 1, "template": " "}, "NO_MESSAGE_TEXT"),
    ],
)
def test_a_campaign_that_cannot_start_says_why_and_stays_a_draft(cli, acme, spoil, code):
    campaign = a_campaign(acme, **spoil).id
    assert cli("campaign", "enqueue", campaign, "--json").error["code"] == code
    assert row("SELECT status FROM campaign") == {"status": "draft"}


def test_people_see_what_a_start_did(cli, acme):
    shown = cli("campaign", "enqueue", a_campaign(acme, recipients=2).id).stdout
    assert "sending" in shown
    assert "pending 2" in shown


def test_a_start_while_the_list_is_still_importing_is_refused_until_it_is_wanted_anyway(cli):
    account = an_account(country="GR")
    campaign = a_campaign(account, list_id=a_list(account, 1, name="spring"))
    start_import(asking(account.id), BytesIO(b"phone\n6900000001\n"), Wish("spring"))
    assert cli("campaign", "enqueue", campaign.id, "--json").error["code"] == "IMPORT_RUNNING"
    assert cli("campaign", "enqueue", campaign.id, "--anyway", "--json").json["queued"] == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2090-01-31T09:00 Europe/Athens", "Tue 31 Jan 2090 at 09:00 Europe/Athens"),
        (AT, "Tue 31 Jan 2090 at 09:00 +0200"),
        ("2090-01-31T09:00", "Tue 31 Jan 2090 at 09:00 Europe/Athens"),
    ],
)
def test_whoever_schedules_reads_when_it_starts_and_how_late_that_can_be(cli, acme, typed, said):
    campaign = a_campaign(acme, recipients=1).id
    cli("campaign", "edit", campaign, "--zone", "Europe/Athens")
    answer = cli("campaign", "schedule", campaign, typed)
    assert f"It starts on {said}, or up to 60 s later" in answer.stderr
    assert cli("campaign", "show", campaign, "--json").json["scheduled_at"].startswith("2090-01-31T07:00")
    assert cli("campaign", "schedule", campaign, typed, "--json").stderr == ""


def test_a_zone_that_does_not_exist_is_named(cli, acme):
    campaign = a_campaign(acme, recipients=1).id
    error = cli("campaign", "schedule", campaign, "2090-01-31T09:00 Europe/Athen", "--json").error
    assert "'Europe/Athen' is no IANA time zone" in error["message"]


def test_people_see_the_time_on_the_clocks_of_the_campaigns_zone(cli, acme, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    campaign = a_campaign(acme, recipients=1).id
    cli("campaign", "edit", campaign, "--zone", "Europe/Athens")
    cli("campaign", "schedule", campaign, "2090-01-31T09:00")
    assert "2090-01-31T09:00:00+02:00 Europe/Athens" in cli("campaign", "show", campaign).stdout
