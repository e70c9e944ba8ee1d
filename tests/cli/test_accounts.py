"""Accounts, keys, credits, subscription, approval and the audit trail on the command line."""

import pytest

from models.database import row
from tests.factories import a_campaign, an_account


@pytest.fixture
def acme(cli):
    return an_account(name="Acme", credits=9)


def test_an_account_is_shown_and_changed(cli, acme):
    changed = cli("account", "change", "Acme", "--approval-above", 5, "--country", "gr", "--json").json
    assert (changed["approval_above"], changed["country"]) == (5, "GR")
    assert cli("account", "show", "Acme", "--json").json == changed
    assert cli("account", "change", "Acme", "--no-approval", "--json").json["approval_above"] is None
    assert cli("account", "change", "Acme", "--no-approval", "--approval-above", 1).status == 2


def test_an_account_is_called_by_its_name_or_by_its_id(cli, acme):
    shown = cli("account", "show", "Acme", "--json").json
    assert cli("account", "show", shown["id"], "--json").json == shown
    assert cli("credits", "show", "--account", shown["id"].upper(), "--json").status == 0
    unknown = "00000000-0000-4000-8000-000000000000"
    assert cli("credits", "show", "--account", unknown, "--json").json["error"]["code"] == "RESOURCE_NOT_FOUND"
    assert cli("account", "create", shown["id"]).status == 0
    assert cli("account", "show", shown["id"], "--json").json["name"] == shown["id"], "a name comes first"


def test_an_accounts_hours_and_caps_are_changed(cli, acme):
    words = ("--zone", "Europe/Athens", "--quiet-hours", "default", "--cap-per-day", 1, "--over-cap", "defer")
    changed = cli("account", "change", "Acme", *words, "--json").json
    assert (changed["zone"], changed["quiet_hours"]) == ("Europe/Athens", "default")
    assert (changed["cap_per_day"], changed["cap_per_week"], changed["over_cap"]) == (1, None, "defer")
    assert cli("account", "change", "Acme", "--cap-per-day", 0, "--json").json["cap_per_day"] is None
    assert cli("account", "change", "Acme", "--quiet-hours", "9", "--json").error["code"] == "INVALID_REQUEST"


def test_an_account_lets_in_landlines_and_leaves_them_out_again(cli, acme):
    changed = cli("account", "change", "Acme", "--text-to", "premium, fixed", "--json").json
    assert changed["text_to"] == ["fixed", "premium"]
    assert cli("account", "change", "Acme", "--text-to", "none", "--json").json["text_to"] == []
    refused = cli("account", "change", "Acme", "--text-to", "landlines", "--json").error
    assert (refused["code"], "fixed, premium, shared_cost" in refused["message"]) == ("INVALID_REQUEST", True)


def test_an_account_has_its_own_words_for_stop_and_help(cli, acme):
    changed = cli(
        "account", "replies", "Acme", "--stop-words", "ΣΤΟΠ, Διακοπή,", "--help-words", "ΒΟΗΘΕΙΑ", "--json"
    ).json
    assert (changed["stop_words"], changed["help_words"]) == (["ΣΤΟΠ", "Διακοπή"], ["ΒΟΗΘΕΙΑ"])
    assert cli("account", "replies", "Acme", "--json").json == changed
    refused = cli("account", "replies", "Acme", "--start-words", "stop", "--json").error
    assert (refused["code"], "'stop' means something else" in refused["message"]) == ("INVALID_REQUEST", True)
    assert cli("account", "replies", "Acme", "--stop-words", "", "--json").json["stop_words"] == []


def test_an_account_answers_help_with_its_own_text_none_or_the_usual_one(cli, acme, tmp_path):
    usual = cli("account", "replies", "Acme", "--json").json["help_answer"]
    (tmp_path / "help.txt").write_text("Acme, 210 1234567\n")
    for typed, stored in ((f"@{tmp_path / 'help.txt'}", "Acme, 210 1234567"), ("", ""), ("default", usual)):
        changed = cli("account", "replies", "Acme", "--help-answer", typed, "--stop-answer", "Bye.", "--json").json
        assert (changed["help_answer"], changed["stop_answer"]) == (stored, "Bye.")


def test_an_account_names_the_business_that_it_is_elsewhere(cli, acme):
    assert cli("account", "change", "Acme", "--business-id", " b-1 ", "--json").json["business_id"] == "b-1"
    assert cli("account", "create", "Other", "--business-id", "b-1", "--json").error["code"] == "DUPLICATE"
    made = cli("account", "create", "Other", "--business-id", "b-2", "--json").json
    assert cli("account", "change", "Other", "--business-id", "b-1", "--json").error["code"] == "DUPLICATE"
    assert cli("account", "show", "Other", "--json").json["business_id"] == "b-2"
    assert cli("account", "change", "Other", "--business-id", "", "--json").json["business_id"] is None
    assert made["name"] == "Other"


def test_an_accounts_limits_are_set_shown_and_removed(cli, acme):
    words = ("--messages-per-day", 500, "--open-imports", 2)
    limited = cli("account", "quotas", "Acme", *words, "--json").json
    assert limited["messages_per_day"] == {"limit": 500, "used": 0}
    assert cli("account", "quotas", "Acme", "--json").json == limited
    assert cli("account", "quotas", "Acme", "--open-imports", "none", "--json").json["open_imports"]["limit"] is None
    assert cli("account", "quotas", "Acme", "--open-imports", "few", "--json").status == 2
    assert cli("account", "quotas", "Acme", "--countries", "gr, CY", "--json").json["countries"] == ["CY", "GR"]
    assert cli("account", "quotas", "Acme", "--countries", "none", "--json").json["countries"] is None


def test_a_subscription_is_set_and_shown(cli, acme):
    words = ("--account", "Acme", "--status", "past_due", "--plan", "gold", "--until", "2090-01-31T00:00:00+02:00")
    set_to = cli("subscription", "set", *words, "--json").json
    assert set_to == {"plan": "gold", "status": "past_due", "ends_at": "2090-01-30T22:00:00+00:00"}
    assert cli("subscription", "show", "--account", "Acme", "--json").json == set_to


def test_keys_are_listed_without_their_secrets(cli, acme):
    made = cli("key", "create", "--account", "Acme", "--scope", "read", "--name", "dashboard", "--json").json
    answer = cli("key", "list", "--account", "Acme", "--json")
    [listed] = answer.json
    assert (listed["id"], listed["name"], listed["scopes"]) == (made["id"], "dashboard", ["read"])
    assert made["key"] not in answer.stdout


def test_a_third_key_with_the_same_scopes_is_refused(cli, acme):
    words = ("key", "create", "--account", "Acme", "--json")
    assert [cli(*words).status for _ in range(2)] == [0, 0]
    assert cli(*words).error["code"] == "DUPLICATE"


def test_the_ledger_lists_every_movement(cli, acme):
    [entry] = cli("credits", "ledger", "--account", "Acme", "--json").json
    assert (entry["kind"], entry["available_delta"], entry["actor"]) == ("topup", 9, "test")


def test_a_campaign_that_someone_else_wrote_is_approved(cli, acme):
    cli("account", "change", "Acme", "--approval-above", 1)
    campaign = a_campaign(acme, recipients=2).id
    assert cli("campaign", "approve", campaign, "--revision", 2, "--json").error["code"] == "INVALID_STATUS"
    approved = cli("campaign", "approve", campaign, "--revision", 1, "--json").json
    assert approved["approved_by"].startswith("cli:")
    # The approver cannot start it: here that is the same person.
    assert cli("campaign", "enqueue", campaign, "--json").error["code"] == "APPROVAL_REQUIRED"
    assert row("SELECT status FROM campaign") == {"status": "draft"}


def test_events_tell_who_changed_what(cli, acme):
    cli("account", "change", "Acme", "--country", "GR")
    [event] = cli("events", "--account", "Acme", "--action", "account.changed", "--json").json
    assert event["actor"].startswith("cli:")
    assert event["request_id"].startswith("cli-")
    assert event["details"] == {"country": "GR"}
    assert cli("events", "--account", "Acme").status == 0


def test_an_account_can_be_renamed_but_not_to_the_name_of_another(cli):
    made = an_account(name="Acme")
    an_account(name="Other")
    renamed = cli("account", "change", "Acme", "--name", " Acme Shoes ", "--json").json
    assert (renamed["id"], renamed["name"]) == (str(made.id), "Acme Shoes")
    assert cli("account", "change", "Acme Shoes", "--name", "Other", "--json").error["code"] == "DUPLICATE"
    assert cli("account", "change", "Acme Shoes", "--name", " ", "--json").error["code"] == "INVALID_REQUEST"
    assert cli("account", "show", "Acme Shoes", "--json").json["id"] == str(made.id)
