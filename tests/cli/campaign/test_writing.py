"""`campaign create`, `edit`, `duplicate`, `list` and `show`: what is requested is what is stored."""

import pytest

from dispatch.doctor.refusals import in_words
from models.database import row, rows
from tests.factories import a_campaign, a_list, a_list_of, a_segment, an_account, arrange_state, customers
from tests.sending import started
from tests.stored import campaigns, stored_rows


@pytest.fixture
def acme(cli):
    account = an_account(name="Acme")
    a_list(account, 3, name="spring")
    people = customers(account, 2)
    a_list_of(account, people, name="summer")
    a_list_of(account, people[:1], name="staff")
    a_segment(account, "location", "eq", "Athens", name="athens")
    return account


def create(cli, *words):
    return cli("campaign", "create", "--account", "Acme", "--name", "Sale", *words)


@pytest.mark.parametrize(
    ("words", "audience"),
    [
        (("--list", "spring"), {"kind": "list", "list_id": 1}),
        (("--segment", "athens"), {"kind": "segment", "segment_id": 1}),
        (("--customers", "1, 2"), {"kind": "customers"}),
        (("--everyone",), {"kind": "everyone"}),
        (("--remote", '{"conditions": []}'), {"kind": "remote", "conditions": []}),
        (("--list", "spring", "--list", " Spring "), {"kind": "list", "list_id": 1}),
        (
            ("--list", "spring", "--list", "summer", "--segment", "athens"),
            {"kind": "combined", "include": {"lists": [1, 2], "segments": [1]}, "exclude": {}},
        ),
        (
            ("--list", "spring", "--except-list", "summer"),
            {"kind": "combined", "include": {"lists": [1]}, "exclude": {"lists": [2]}},
        ),
        (
            ("--everyone", "--except-segment", "athens", "--except-list", "summer"),
            {"kind": "combined", "include": {"everyone": True}, "exclude": {"lists": [2], "segments": [1]}},
        ),
        ((), None),
    ],
)
def test_an_audience_is_of_one_kind_or_is_chosen_later(cli, acme, words, audience):
    made = create(cli, "--template", "Hi", *words, "--json").json
    shown = cli("campaign", "show", made["id"], "--json").json["audience"]
    assert (shown and {key: shown[key] for key in audience}) == audience


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "either --template TEXT or --stored NAME"),
        (("--template", "Hi", "--stored", "welcome"), "either --template TEXT or --stored NAME"),
        (("--template", "Hi", "--channel", "pigeon"), "'whatsapp'"),
        (("--template", "Hi", "--except-list", "spring"), "go with --list, --segment or --everyone"),
        (("--template", "Hi", "--customers", "1", "--except-segment", "athens"), "go with --list"),
    ],
)
def test_missing_or_conflicting_options_are_a_usage_error(cli, acme, words, says):
    answer = create(cli, *words, "--json")
    assert (answer.status, answer.stdout) == (2, "")
    assert says in answer.stderr
    assert campaigns() == []


@pytest.mark.parametrize(
    "words",
    [
        ("--stored", "gone"),
        ("--template", "Hi", "--segment", "gone"),
        ("--template", "Hi", "--list", "spring", "--list", "gone"),
        ("--template", "Hi", "--everyone", "--except-list", "gone"),
        ("--template", "Hi", "--everyone", "--except-segment", "gone"),
    ],
)
def test_a_name_that_does_not_exist_is_refused_and_named(cli, acme, words):
    error = create(cli, *words, "--json").error
    assert error["code"] == "RESOURCE_NOT_FOUND"
    assert "'gone'" in error["message"]
    assert campaigns() == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--everyone", "--list", "spring"), "includes them already"),
        (("--list", "spring", "--list", "summer", "--customers", "1"), "one audience"),
        (("--list", "spring", "--except-list", "spring"), "both included and excluded"),
    ],
)
def test_an_audience_that_contradicts_itself_is_refused(cli, acme, words, says):
    error = create(cli, "--template", "Hi", *words, "--json").error
    assert (error["code"], says in error["message"]) == ("INVALID_REQUEST", True)
    assert campaigns() == []


def test_an_audience_is_replaced_by_several_lists_minus_another_and_sent_to(cli, acme):
    made = create(cli, "--template", "Hi", "--everyone", "--json").json
    words = ("--list", "spring", "--list", "summer", "--except-list", "staff")
    edited = cli("campaign", "edit", made["id"], *words, "--json").json
    assert edited["audience"] == {"kind": "combined", "include": {"lists": [1, 2]}, "exclude": {"lists": [3]}}
    assert cli("campaign", "edit", made["id"], "--except-list", "staff").status == 2
    shown = [line.split() for line in cli("campaign", "audience", made["id"]).stdout.splitlines()]
    for line in ("include list summer 2", "exclude list staff 1", "together 5", "excluded 1"):
        assert line.split() in shown
    assert cli("campaign", "enqueue", made["id"], "--json").json["queued"] == 4


def test_conditions_are_changed_from_a_file_and_refused_by_name(cli, acme, tmp_path):
    made = create(cli, "--template", "Hi", "--json").json
    file = tmp_path / "conditions.json"
    file.write_text('{"conditions": [{"field": "age", "operator": "GREATER_THAN", "value": 17}]}')
    edited = cli("campaign", "edit", made["id"], "--remote", f"@{file}", "--json").json
    assert edited["audience"]["conditions"] == [{"field": "age", "operator": "GREATER_THAN", "value": 17}]
    wrong = cli("campaign", "edit", made["id"], "--remote", '{"conditions": [{"field": "age"}]}', "--json")
    assert wrong.error["message"].startswith("remote.conditions.0.operator")
    assert cli("campaign", "edit", made["id"], "--remote", "{", "--json").error["code"] == "INVALID_REQUEST"


def test_people_are_told_how_to_start_their_draft(cli, acme):
    answer = create(cli, "--template", "Hi", "--everyone")
    assert "draft" in answer.stdout
    assert "campaign enqueue 1" in answer.stderr
    scheduled = create(cli, "--template", "Hi", "--everyone", "--schedule", "2090-01-31T09:00:00Z")
    assert "scheduled" in scheduled.stdout
    assert scheduled.stderr.startswith("It starts on Tue 31 Jan 2090 at 09:00")
    assert "enqueue" not in scheduled.stderr


def test_only_the_named_fields_are_edited(cli, acme):
    campaign = a_campaign(acme, everyone=True, template="Hi", name="Sale").id
    before = row("SELECT name, template, channel, audience_kind FROM campaign")
    cli("campaign", "edit", campaign, "--template", "Hello {first_name}")
    assert row("SELECT name, template, channel, audience_kind FROM campaign") == before | {
        "template": "Hello {first_name}"
    }
    cli("campaign", "edit", campaign, "--segment", "athens", "--channel", "whatsapp")
    assert row("SELECT channel, audience_kind FROM campaign") == {"channel": "whatsapp", "audience_kind": "segment"}


@pytest.mark.parametrize("wrong", ["yesterday", "2020-01-31T09:00:00Z", "2090-01-31T09:00:00"])
def test_an_invalid_expiry_is_refused(cli, acme, wrong):
    campaign = a_campaign(acme, everyone=True).id
    before = stored_rows()
    assert cli("campaign", "edit", campaign, "--expires", wrong, "--json").error["code"] == "INVALID_REQUEST"
    assert stored_rows() == before


def test_a_started_campaign_is_neither_edited_nor_deleted(cli, acme):
    campaign = started(acme, recipients=1)
    before = stored_rows()
    for words in (("edit", campaign, "--name", "New"), ("delete", campaign)):
        error = cli("campaign", *words, "--json").error
        assert error["code"] == "INVALID_STATUS"
        assert "sending" in error["message"]
    assert stored_rows() == before


def test_a_copy_may_have_a_name_of_its_own(cli, acme):
    campaign = a_campaign(acme, list_id=1, template="Hi").id
    copy = cli("campaign", "duplicate", campaign, "--name", "Again", "--json").json
    assert (copy["name"], copy["status"]) == ("Again", "draft")
    assert rows("SELECT template, list_id FROM campaign ORDER BY id")[0] == row(
        "SELECT template, list_id FROM campaign WHERE id = %s", [copy["id"]]
    )


@pytest.mark.parametrize(
    ("words", "listed"),
    [
        ((), ["autumn sale", "winter", "Spring SALE"]),
        (("--status", "sending"), ["winter"]),
        (("--status", "cancelled"), []),
        (("--channel", "whatsapp"), ["autumn sale"]),
        (("--search", "sale"), ["autumn sale", "Spring SALE"]),
        (("--search", "sale", "--channel", "sms"), ["Spring SALE"]),
        (("--limit", 1), ["autumn sale"]),
    ],
)
def test_a_list_is_filtered_by_state_channel_and_name(cli, acme, words, listed):
    a_campaign(acme, name="Spring SALE")
    started(acme, recipients=1, name="winter")
    a_campaign(acme, name="autumn sale", channel="whatsapp")
    found = cli("campaign", "list", "--account", "Acme", *words, "--json").json
    assert [campaign["name"] for campaign in found] == listed


@pytest.mark.parametrize("word", ["sent", "completed"])
def test_sent_campaigns_are_listed_under_either_word_as_completed(cli, acme, word):
    a_campaign(acme, name="draft")
    arrange_state(a_campaign(acme, name="done").id, "completed")
    listed = cli("campaign", "list", "--status", word, "--json").json
    assert [(campaign["name"], campaign["status"]) for campaign in listed] == [("done", "completed")]


@pytest.mark.parametrize("words", [("--limit", 0), ("--limit", 1001), ("--status", "lost"), ("--channel", "pigeon")])
def test_an_invalid_filter_of_a_list_is_a_usage_error(cli, words):
    assert cli("campaign", "list", *words, "--json").status == 2


def test_people_see_a_campaign_without_empty_fields(cli, acme, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    shown = cli("campaign", "show", started(acme, recipients=2, name="[/Sale]")).stdout
    assert "[/Sale]" in shown
    assert "pending 2" in shown
    assert "failed" not in shown
    [line] = [line for line in cli("campaign", "list").stdout.splitlines() if "[/Sale]" in line]
    assert line.split()[-5:] == ["2", "0", "0", "0", "0"]


def test_deleting_a_draft_is_confirmed(cli, acme):
    campaign = a_campaign(acme).id
    assert "deleted" in cli("campaign", "delete", campaign).stdout
    assert campaigns() == []


def test_the_list_says_whose_a_campaign_is_when_it_starts_and_what_it_waits_for(cli, acme):
    a_campaign(acme, name="Later", recipients=1, due=True)
    rows("UPDATE campaign SET blocked_reason = 'INSUFFICIENT_CREDITS'")
    [listed] = cli("campaign", "list", "--json").json
    assert listed["account"] == "Acme"
    header, line = cli("campaign", "list").stdout.splitlines()
    assert header.split()[:7] == ["id", "name", "account", "channel", "status", "starts", "waits"]
    for word in ("Acme", listed["scheduled_at"]):
        assert word in line.split()
    assert f"{in_words('INSUFFICIENT_CREDITS')} (INSUFFICIENT_CREDITS)" in line
    assert f"{in_words('INSUFFICIENT_CREDITS')} (INSUFFICIENT_CREDITS)" in cli("campaign", "show", listed["id"]).stdout
