"""`campaign messages`, `errors` and `export`: what became of each recipient."""

import csv

import pytest

from tests.factories import a_campaign, an_account
from tests.sending import answering, deliver, started
from tests.stored import phones_of


@pytest.fixture
def campaign_id(cli):
    """Four recipients: the first is rejected, the second is unknown, two got theirs."""
    account = an_account(name="Acme")
    campaign_id = started(account, recipients=4)
    phones = phones_of(account)
    deliver(answering(reject=phones[:1], lose=phones[1:2]), campaign_id)
    return campaign_id


def test_messages_are_listed_in_order_with_their_state(cli, campaign_id):
    listed = cli("campaign", "messages", campaign_id, "--json").json
    assert [message["state"] for message in listed] == ["failed", "unknown", "sent", "sent"]
    assert listed[0]["error_code"] == "no_such_number"


@pytest.mark.parametrize(
    ("states", "listed"),
    [(["failed"], ["failed"]), (["failed", "unknown"], ["failed", "unknown"]), (["pending"], [])],
)
def test_messages_are_filtered_by_state(cli, campaign_id, states, listed):
    options = [word for state in states for word in ("--state", state)]
    found = cli("campaign", "messages", campaign_id, *options, "--json").json
    assert [message["state"] for message in found] == listed


def test_a_state_that_does_not_exist_is_a_usage_error_that_names_all(cli, campaign_id):
    answer = cli("campaign", "messages", campaign_id, "--state", "lost", "--json")
    assert (answer.status, answer.stdout) == (2, "")
    assert "'unconfirmed'" in answer.stderr


def test_people_see_a_line_for_each_message(cli, campaign_id, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    header, *lines = cli("campaign", "messages", campaign_id).stdout.splitlines()
    assert {"id", "phone", "state", "attempts"} <= set(header.split())
    assert len(lines) == 4
    assert "no_such_number" in lines[0]


def test_errors_are_counted_by_cause(cli, campaign_id):
    found = cli("campaign", "errors", campaign_id, "--json").json
    assert sorted((each["state"], each["messages"]) for each in found) == [("failed", 1), ("unknown", 1)]
    assert "no_such_number" in cli("campaign", "errors", campaign_id).stdout


def test_a_campaign_without_trouble_has_no_errors(cli):
    campaign_id = started(an_account(), recipients=2)
    deliver(answering(), campaign_id)
    assert cli("campaign", "errors", campaign_id, "--json").json == []
    assert cli("campaign", "errors", campaign_id).stdout == "none\n"


def test_an_export_contains_a_line_for_each_message(cli, campaign_id, tmp_path):
    file = tmp_path / "messages.csv"
    assert cli("campaign", "export", campaign_id, file, "--json").json == {
        "file": str(file),
        "bytes": file.stat().st_size,
    }
    with file.open(newline="") as lines:
        assert [line["state"] for line in csv.DictReader(lines)] == ["failed", "unknown", "sent", "sent"]


def test_an_export_of_a_campaign_that_does_not_exist_leaves_the_file_as_it_was(cli, tmp_path):
    a_campaign(an_account())
    file = tmp_path / "messages.csv"
    file.write_text("kept")
    assert cli("campaign", "export", 99, file, "--json").error["code"] == "CAMPAIGN_NOT_FOUND"
    assert file.read_text() == "kept"


def test_an_export_that_cannot_be_written_is_refused_in_one_sentence(cli, campaign_id):
    answer = cli("campaign", "export", campaign_id, "/nowhere/at/all.csv", "--json")
    assert answer.error["code"] == "REFUSED"
    assert "/nowhere/at/all.csv" in answer.error["message"]
