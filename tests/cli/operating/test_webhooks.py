"""`webhook`: added with its secret, tested, listed with answers, replayed, removed."""

import pytest

from dispatch.webhooks.sending import send_due
from models.database import rows
from tests.doubles.receiver import receiving
from tests.factories import an_account


@pytest.fixture
def receiver(cli, configure):
    configure(PRIVATE_NETWORKS="127.0.0.0/8")
    an_account(name="Acme")
    with receiving() as found:
        yield found


@pytest.fixture
def hook(cli, receiver):
    added = cli("webhook", "add", "--account", "Acme", "--url", f"{receiver.url}/hooks", "--json").json
    assert {*added} == {"id", "secret"}
    receiver.secret = added["secret"]
    return added["id"]


def test_without_a_sweeper_a_test_stays_pending_and_its_status_is_1(cli, hook, monkeypatch):
    monkeypatch.setattr("cli.webhook.WAIT_SEC", 0.1)
    answer = cli("webhook", "test", hook, "--json")
    assert (answer.status, answer.json["state"]) == (1, "pending")
    send_due()
    [listed] = cli("webhook", "deliveries", hook, "--json").json
    assert (listed["state"], listed["status_code"]) == ("delivered", 204)
    assert "204" in cli("webhook", "deliveries", hook).stdout
    assert cli("webhook", "replay", hook, listed["id"], "--json").json == {"replayed": 1}


def test_one_that_is_off_is_listed_with_why_and_switched_on(cli, hook):
    rows("UPDATE webhook SET status = 'off', reason = 'nothing was delivered for a day'")
    [listed] = cli("webhook", "list", "--account", "Acme", "--json").json
    assert (listed["status"], listed["reason"]) == ("off", "nothing was delivered for a day")
    assert cli("webhook", "show", hook, "--json").json == listed
    assert cli("webhook", "enable", hook, "--json").json["status"] == "live"
    assert cli("webhook", "remove", hook, "--json").json == {"id": hook, "removed": True}
    assert cli("webhook", "list", "--json").json == []
