"""`sweep --once`: one sweep by hand, with a report."""

import os
import socket

import pytest

from dispatch.process.lock import campaign_lock
from models.database import rows
from tests.factories import a_campaign, an_account
from tests.stored import campaigns


@pytest.fixture
def account(cli):
    return an_account(name="Acme", credits=2)


def test_with_nothing_due_it_says_so(cli, account):
    a_campaign(account, recipients=1)
    assert cli("sweep", "--once", "--json").json == {"processed_count": 0, "campaigns": [], "errors": []}
    assert cli("sweep", "--once").stdout == "no campaign is due\n"
    assert campaigns()[0]["status"] == "draft"


def test_it_says_that_it_sweeps_once(cli, account):
    answer = cli("sweep")
    assert answer.status == 2
    assert "--once" in answer.stderr


def test_people_see_what_started_and_what_could_not_and_why(cli, account, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    due, too_large = a_campaign(account, recipients=2, due=True), a_campaign(account, recipients=3, due=True)
    shown = cli("sweep", "--once").stdout
    [started] = [line for line in shown.splitlines() if due.name in line]
    assert "sending" in started
    [refused] = [line for line in shown.splitlines() if "INSUFFICIENT_CREDITS" in line]
    assert refused.split()[0] == str(too_large.id)
    assert "top up" in refused
    assert [each["status"] for each in campaigns()] == ["sending", "scheduled"]


def test_people_see_what_another_process_was_starting_and_since_when(cli, account, redis, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    campaign = a_campaign(account, recipients=2, due=True)
    lock = campaign_lock(redis, campaign.id, seconds=60)
    lock.acquire()
    [locked] = cli("sweep", "--once", "--json").json["locked"]
    shown = cli("sweep", "--once").stdout
    pushed = cli("run-due", "--json").json
    lock.release()
    assert (locked["campaign_id"], locked["holder"]) == (
        campaign.id,
        f"process {os.getpid()} on {socket.gethostname()}",
    )
    assert "no campaign is due" not in shown
    [line] = [line for line in shown.splitlines() if campaign.name in line]
    assert locked["holder"] in line
    assert ([each["campaign_id"] for each in pushed["campaigns"]], pushed["locked"]) == ([campaign.id], [locked])


def test_a_campaign_that_could_not_start_is_left_for_a_later_sweep(cli, account):
    a_campaign(account, recipients=3, due=True)
    [error] = cli("sweep", "--once", "--json").json["errors"]
    assert error["error"] == "INSUFFICIENT_CREDITS"
    assert cli("sweep", "--once", "--json").json["processed_count"] == 0
    cli("credits", "topup", "--account", "Acme", "--amount", 10)
    assert [each["new_status"] for each in cli("sweep", "--once", "--json").json["campaigns"]] == ["sending"]
    assert rows("SELECT blocked_reason FROM campaign") == [{"blocked_reason": None}]
