"""`customers`, `lists`, `suppressions` and `seed`, as scripts and people call them."""

import csv

import pytest

from models.database import rows
from tests.factories import a_campaign, an_account, customers

PHONE = "+306912345678"


@pytest.fixture
def account(db):
    return an_account(name="Acme", country="GR")


@pytest.fixture
def acme(account, cli):
    """Runs a verb on the account and returns its JSON."""
    return lambda *words: cli(*words, "--account", "Acme", "--json").json


def test_customers_are_listed_shown_edited_and_deleted(account, acme, cli):
    first, second = customers(account, 2)
    assert [each["id"] for each in acme("customers", "list")] == [second, first]
    assert [each["id"] for each in acme("customers", "list", "--search", "first1")] == [second]
    edited = cli("customers", "edit", first, "--first-name", "Ann", "--consent", "unsubscribed", "--json").json
    assert (edited["first_name"], edited["consent"], edited["suppressed"]) == ("Ann", "unsubscribed", True)
    assert cli("customers", "show", first, "--json").json == edited
    lifted = cli("customers", "edit", first, "--consent", "subscribed", "--remove-opt-out", "--json").json
    assert lifted["suppressed"] is False
    assert cli("customers", "delete", first, "--json").json == {"id": first, "deleted": True}
    assert cli("customers", "show", first, "--json").error["code"] == "CUSTOMER_NOT_FOUND"
    assert cli("customers", "edit", second, "--json").error["code"] == "INVALID_REQUEST"
    assert rows("SELECT actor FROM audit_event WHERE action = 'customer.deleted'")[0]["actor"].startswith("cli:")


def test_an_export_can_be_imported_again(account, acme, tmp_path):
    customers(account, 3)
    file = tmp_path / "out.csv"
    assert acme("customers", "export", file) == {"file": str(file), "bytes": file.stat().st_size}
    report = acme("customers", "import", file, "--list", "all")
    assert (report["imported"], report["updated"], report["rejected"]) == (0, 3, 0)


def test_an_export_that_cannot_be_written_is_refused_in_one_sentence(account, cli):
    answer = cli("customers", "export", "/nowhere/at/all.csv", "--account", "Acme", "--json")
    assert answer.error["code"] == "REFUSED"
    assert "/nowhere/at/all.csv" in answer.error["message"]


def test_lists_are_created_filled_renamed_and_deleted(account, acme, cli):
    ids = customers(account, 3)
    named = ",".join(map(str, ids))
    made = acme("lists", "create", "spring")
    assert acme("lists", "add", "spring", "--customers", named) == {"added": 3, "customers": 3}
    assert acme("lists", "remove", "spring", "--customers", ids[0]) == {"removed": 1, "customers": 2}
    assert [each["id"] for each in acme("lists", "members", "spring")] == ids[:0:-1]
    assert acme("lists", "rename", "spring", "summer")["name"] == "summer"
    assert [(each["id"], each["customers"]) for each in acme("lists", "list")] == [(made["id"], 2)]
    a_campaign(account, list_id=made["id"])
    refused = cli("lists", "delete", "summer", "--account", "Acme", "--json")
    assert refused.error["code"] == "INVALID_STATUS"
    acme("lists", "create", "other")
    assert acme("lists", "delete", "other")["deleted"]


def test_numbers_are_suppressed_removed_exported_and_imported(account, acme, cli, tmp_path):
    assert acme("suppressions", "add", "691 234 5678", "--reason", "complaint")["phone"] == PHONE
    assert [each["reason"] for each in acme("suppressions", "list")] == ["complaint"]
    file = tmp_path / "out.csv"
    acme("suppressions", "export", file)
    with file.open(newline="", encoding="utf-8-sig") as lines:
        assert [line["phone"] for line in csv.DictReader(lines)] == [PHONE]
    assert acme("suppressions", "remove", PHONE)["removed"]
    assert cli("suppressions", "remove", PHONE, "--account", "Acme", "--json").error["code"] == "RESOURCE_NOT_FOUND"
    report = acme("suppressions", "import", file)
    assert (report["added"], report["known"], report["rejected"]) == (1, 0, 0)
    assert rows("SELECT phone, reason FROM suppression") == [{"phone": PHONE, "reason": "complaint"}]


def test_seed_creates_the_sample_once(cli):
    assert cli("seed", "--json").json["customers"] == 10
    assert cli("seed", "--json").json["customers"] == 0
    assert len(cli("customers", "list", "--account", "sample", "--json").json) == 10
