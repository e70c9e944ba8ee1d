"""`replies`: what people wrote back, on the command line."""

import csv

import pytest

from dispatch.receipts.hooks import take_callback
from tests.dispatch.receipts.saying import a_webhook_provider, callback
from tests.factories import an_account


@pytest.fixture
def replied(db):
    """Makes an account to which someone has written two texts."""
    account = an_account(name="Acme")
    provider = a_webhook_provider(account)
    for key, text in (("a", "=1+1"), ("b", "Stop")):
        take_callback(
            "webhook", str(provider.id), callback(provider, {"id": key, "from": "+306911111111", "text": text})
        )


def test_an_export_has_every_reply_oldest_first_and_no_formula(cli, replied, tmp_path):
    file = tmp_path / "replies.csv"
    answer = cli("replies", "export", file, "--account", "Acme", "--json").json
    assert answer == {"file": str(file), "bytes": file.stat().st_size}
    lines = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    assert [(each["phone"], each["text"], each["keyword"]) for each in lines] == [
        ("+306911111111", "'=1+1", ""),
        ("+306911111111", "Stop", "stop"),
    ]


def test_an_export_may_go_to_standard_output(cli, replied):
    answer = cli("replies", "export", "-", "--account", "Acme")
    assert answer.stdout.startswith("\ufeffphone,text,keyword,")


def test_an_export_of_an_account_to_which_no_one_wrote_is_a_header(cli, db):
    an_account(name="Bolt")
    assert cli("replies", "export", "-", "--account", "Bolt").stdout.splitlines()[1:] == []
