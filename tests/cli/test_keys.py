"""`key`: a key is printed once, allows what its scopes say, and stops working when it is revoked or its time comes."""

from datetime import UTC, datetime, timedelta

import pytest

from models.api_key import SCOPES, ApiKey
from models.database import rows
from tests.factories import an_account
from tests.stored import stored_rows


@pytest.fixture
def acme(cli):
    return an_account(name="Acme")


def test_a_key_is_printed_once_and_stored_nowhere(cli, acme):
    key = cli("key", "create", "--account", "Acme", "--json").json["key"]
    for words in (("key", "list"), ("events",), ("account", "show", "Acme")):
        assert key not in cli(*words).stdout
        assert key not in cli(*words, "--json").stdout
    assert key not in str(stored_rows()) + str(rows("SELECT * FROM api_key"))


def test_people_see_the_key_too(cli, acme, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    words = [line.split() for line in cli("key", "create", "--account", "Acme").stdout.splitlines()]
    [key] = [value for name, value in words if name == "key"]
    assert ApiKey.holder(key)


@pytest.mark.parametrize("scopes", [(), ("read",), ("read", "send")])
def test_a_key_has_the_requested_scopes_or_all(cli, acme, scopes):
    options = [word for scope in scopes for word in ("--scope", scope)]
    cli("key", "create", "--account", "Acme", *options)
    [listed] = cli("key", "list", "--json").json
    assert set(listed["scopes"]) == set(scopes or SCOPES)


def test_a_scope_that_does_not_exist_is_a_usage_error_that_names_all(cli, acme):
    answer = cli("key", "create", "--account", "Acme", "--scope", "everything", "--json")
    assert (answer.status, answer.stdout) == (2, "")
    assert all(f"'{scope}'" in answer.stderr for scope in SCOPES)


def test_a_revoked_key_opens_nothing_and_says_so_in_the_list(cli, acme):
    made = cli("key", "create", "--account", "Acme", "--json").json
    assert "revoked" in cli("key", "revoke", made["id"]).stdout
    assert ApiKey.holder(made["key"]) is None
    [listed] = cli("key", "list", "--json").json
    assert listed["revoked_at"]


@pytest.mark.parametrize("by", [lambda made: made["id"], lambda made: made["key"][:12], lambda made: "dashboard"])
def test_a_key_is_revoked_by_its_id_its_prefix_or_its_name(cli, acme, by):
    made = cli("key", "create", "--account", "Acme", "--scope", "read", "--name", "dashboard", "--json").json
    other = cli("key", "create", "--account", "Acme", "--scope", "send", "--json").json
    assert cli("key", "show", by(made), "--json").json["name"] == "dashboard"
    assert cli("key", "revoke", by(made), "--json").json == {"id": made["id"], "revoked": True}
    assert ApiKey.holder(made["key"]) is None
    assert ApiKey.holder(other["key"])


def test_a_name_that_two_live_keys_have_is_refused_with_their_ids(cli, acme):
    made = [
        cli("key", "create", "--account", "Acme", "--scope", scope, "--name", "x", "--json").json
        for scope in ("read", "send")
    ]
    error = cli("key", "revoke", "x", "--json").error
    assert error["code"] == "INVALID_REQUEST"
    assert all(each["id"] in error["message"] for each in made)
    assert all(ApiKey.holder(each["key"]) for each in made)


def test_keys_are_listed_for_one_account_or_for_all(cli, acme):
    an_account(name="Other")
    for whose in (("--account", "Acme"), ("--account", "Other"), ("--operator",)):
        cli("key", "create", *whose)
    assert len(cli("key", "list", "--account", "Acme", "--json").json) == 1
    assert len(cli("key", "list", "--json").json) == 3


@pytest.mark.parametrize(
    ("expires", "span"),
    [("12h", timedelta(hours=12)), ("30d", timedelta(days=30)), (" 4w ", timedelta(weeks=4)), ("030d", timedelta(30))],
)
def test_a_key_expires_so_long_from_now(cli, acme, expires, span):
    earliest = datetime.now(UTC) + span
    made = cli("key", "create", "--account", "Acme", "--expires", expires, "--json").json
    assert earliest <= datetime.fromisoformat(made["expires_at"]) <= datetime.now(UTC) + span
    [listed] = cli("key", "list", "--json").json
    assert listed["expires_at"] == made["expires_at"]
    assert made["expires_at"] in cli("key", "list").stdout


@pytest.mark.parametrize("expires", ["2035-01-31T09:00:00+02:00", "2035-01-31T09:00 Europe/Athens"])
def test_or_at_a_time(cli, acme, expires):
    made = cli("key", "create", "--operator", "--expires", expires, "--json").json
    assert made["expires_at"] == "2035-01-31T07:00:00+00:00"


@pytest.mark.parametrize(
    "expires", ["0d", "2020-01-01T00:00:00Z", "2035-01-31T09:00", "-1d", "30", "30m", "1.5d", "", "d", "999999999w",
                "9000000h5", "9999-12-31T23:59:59Z", "\u0663\u0660d"],
)  # fmt: skip
def test_an_end_that_is_none_or_has_passed_makes_no_key(cli, acme, expires):
    error = cli("key", "create", "--account", "Acme", "--expires", expires, "--json").error
    assert error["code"] == "INVALID_REQUEST"
    assert "expires" in error["message"]
    assert cli("key", "list", "--json").json == []
