"""`credits` and `subscription`: what an account may spend, and whether it may send."""

import pytest

from tests.cli.refusing import assert_refused
from tests.factories import a_campaign, an_account
from tests.sending import answering, deliver, started
from tests.stored import stored_rows


@pytest.fixture
def acme(cli):
    return an_account(name="Acme", credits=5)


def test_a_campaign_holds_credits_and_captures_what_was_sent(cli, acme):
    campaign_id = started(acme, recipients=3)
    assert cli("credits", "show", "--account", "Acme", "--json").json == {"available": 2, "held": 3}
    deliver(answering(reject=["+306900000000"]), campaign_id)
    assert cli("credits", "show", "--account", "Acme", "--json").json == {"available": 3, "held": 0}
    kinds = [entry["kind"] for entry in cli("credits", "ledger", "--account", "Acme", "--json").json]
    assert kinds[-2:] == ["hold", "topup"]
    assert "release" in kinds


def test_people_read_the_balance_and_the_movements(cli, acme, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    assert [line.split() for line in cli("credits", "show", "--account", "Acme").stdout.splitlines()] == [
        ["available", "5"],
        ["held", "0"],
    ]
    assert "topup" in cli("credits", "ledger", "--account", "Acme").stdout


def test_an_amount_that_is_not_a_number_is_a_usage_error(cli, acme):
    answer = cli("credits", "topup", "--account", "Acme", "--amount", "many", "--json")
    assert (answer.status, answer.stdout) == (2, "")
    assert "--amount" in answer.stderr


def test_a_status_that_does_not_exist_is_a_usage_error(cli, acme):
    before = stored_rows()
    answer = cli("subscription", "set", "--account", "Acme", "--status", "golden", "--json")
    assert (answer.status, answer.stdout) == (2, "")
    assert "'past_due'" in answer.stderr
    assert stored_rows() == before


@pytest.mark.parametrize("until", ["tomorrow", "2090-01-31T00:00:00"])
def test_an_invalid_end_is_refused(cli, acme, until):
    words = ("--account", "Acme", "--status", "active", "--until", until)
    assert_refused(cli, "subscription", "set", *words, code="INVALID_REQUEST")


def test_without_a_subscription_no_campaign_starts_and_drafts_stay(cli, acme):
    campaign = a_campaign(acme, recipients=1).id
    cli("subscription", "set", "--account", "Acme", "--status", "active", "--until", "2020-01-31T00:00:00Z")
    assert cli("campaign", "enqueue", campaign, "--json").error["code"] == "SUBSCRIPTION_REQUIRED"
    cli("subscription", "set", "--account", "Acme", "--status", "active")
    assert cli("campaign", "enqueue", campaign, "--json").status == 0


def test_people_read_the_subscription(cli, acme):
    shown = cli("subscription", "show", "--account", "Acme").stdout
    assert [line.split()[:2] for line in shown.splitlines()][:2] == [["plan", "standard"], ["status", "active"]]
