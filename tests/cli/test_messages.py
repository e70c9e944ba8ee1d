"""`campaign messages`, `errors` and `export`: what became of a campaign's messages."""

import csv

import pytest

from tests.factories import a_campaign, an_account
from tests.sending import start_and_deliver


@pytest.fixture
def campaign(db, redis):
    """Three messages: one rejected, one unknown, one sent."""
    made = a_campaign(an_account(credits=100), recipients=3)
    start_and_deliver(made, reject=["+306900000000"], lose=["+306900000001"])
    return made.id


def test_messages_are_listed_by_state_and_page(cli, campaign):
    states = [message["state"] for message in cli("campaign", "messages", campaign, "--json").json]
    assert states == ["failed", "unknown", "sent"]
    words = ("campaign", "messages", campaign, "--state", "failed", "--state", "sent", "--page-size", 1, "--page", 2)
    assert [message["id"] for message in cli(*words, "--json").json] == [f"{campaign}-2"]
    shown = cli(*words).stdout
    assert f"{campaign}-2" in shown
    assert "error_code" in shown
    assert "deferrals" not in shown


def test_the_text_that_was_sent_is_shown(cli, campaign):
    texts = [message["text"] for message in cli("campaign", "messages", campaign, "--json").json]
    assert texts == ["Hello First0", "Hello First1", "Hello First2"]
    assert "Hello First2" in cli("campaign", "messages", campaign).stdout


def test_what_went_wrong_is_counted(cli, campaign):
    assert cli("campaign", "errors", campaign, "--json").json == [
        {"state": "failed", "reason": "rejected", "error_code": "no_such_number", "messages": 1},
        {"state": "unknown", "reason": "no_answer", "error_code": None, "messages": 1},
    ]


def test_an_exported_file_has_a_line_for_each_message(cli, campaign, tmp_path):
    file = tmp_path / "messages.csv"
    assert cli("campaign", "export", campaign, file, "--json").json == {"file": str(file), "bytes": file.stat().st_size}
    with file.open(newline="", encoding="utf-8-sig") as lines:
        assert [line["state"] for line in csv.DictReader(lines)] == ["failed", "unknown", "sent"]


def test_an_export_to_an_unwritable_path_is_refused(cli, campaign):
    error = cli("campaign", "export", campaign, "/nowhere/at/all.csv", "--json").error
    assert error["code"] == "REFUSED"
    assert "choose another file" in error["message"]
