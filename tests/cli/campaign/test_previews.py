"""`campaign preview`, `audience` and `plan`: what would be sent, to whom and at what price, without sending it."""

import pytest

from models.database import rows
from tests.factories import a_campaign, an_account, customers
from tests.stored import stored_rows


@pytest.fixture
def acme(cli):
    account = an_account(name="Acme")
    customers(account, 4)
    return account


@pytest.fixture
def campaign_id(acme):
    return a_campaign(acme, everyone=True, template="Hi {first_name}").id


def test_a_preview_changes_nothing(cli, campaign_id):
    before = stored_rows()
    for verb in ("preview", "audience", "plan"):
        assert cli("campaign", verb, campaign_id).status == 0
    assert stored_rows() == before


@pytest.mark.parametrize("first", [1, 3])
def test_as_many_messages_are_shown_as_requested(cli, campaign_id, first):
    shown = cli("campaign", "preview", campaign_id, "--first", first, "--json").json
    assert [message["text"] for message in shown["messages"]] == [f"Hi First{n}" for n in range(first)]
    assert shown["estimate"]["recipients"] == 4


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--first", "0"), "--first"),
        (("--first", "1000000"), "--first"),
        (("--template", "Hi"), "--customer ID"),
        (("--customer", "0"), "--customer"),
    ],
)
def test_an_invalid_preview_is_a_usage_error(cli, campaign_id, words, says):
    answer = cli("campaign", "preview", campaign_id, *words, "--json")
    assert (answer.status, answer.stdout) == (2, "")
    assert says in answer.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--customer", "999"), "CUSTOMER_NOT_FOUND"),
        (("--customer", "1", "--template", "Hi {frist_name}"), "INVALID_TEMPLATE"),
    ],
)
def test_a_preview_for_a_missing_customer_or_of_a_wrong_text_is_refused(cli, campaign_id, words, code):
    assert cli("campaign", "preview", campaign_id, *words, "--json").error["code"] == code


def test_an_audience_says_who_is_excluded_and_why(cli, campaign_id):
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = 1")
    shown = cli("campaign", "audience", campaign_id, "--json").json
    assert (shown["count"], shown["excluded"]["opted_out"]) == (3, 1)
    assert [person["id"] for person in shown["sample"]] == [2, 3, 4]
    people = cli("campaign", "audience", campaign_id).stdout
    assert "opted_out 1" in people


def test_people_see_each_text_and_the_total_price(cli, campaign_id, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    shown = cli("campaign", "preview", campaign_id).stdout
    assert all(f"Hi First{n}" in shown for n in range(4))
    [credits] = [line for line in shown.splitlines() if line.split()[:1] == ["credits"]]
    assert credits.split() == ["credits", "4"]


def test_people_are_told_whose_text_has_a_gap_before_and_at_the_start(cli, campaign_id):
    rows("UPDATE customer SET first_name = '' WHERE id > 2")
    says = "{first_name} is empty for 2 of 4 people, such as +306900000002: “Hi ”"
    for verb in ("preview", "enqueue"):
        assert says in cli("campaign", verb, campaign_id).stdout
    sent = cli("campaign", "test-send", campaign_id, "+306900000003", "--json").json
    assert [gap["placeholder"] for gap in sent["gaps"]] == ["first_name"]


def test_people_are_told_of_placeholders_of_other_tools_before_and_at_the_start(cli, acme):
    says = "[first_name] is sent as it is; a placeholder looks like {first_name}."
    for verb, *more in (("preview",), ("enqueue",), ("test-send", "+306912345678"), ("send", "1,2")):
        campaign = a_campaign(acme, customer_ids=[1, 2], template="Hi [first_name]").id
        assert says in cli("campaign", verb, campaign, *more).stdout


def test_a_send_says_whose_text_has_a_gap(cli, acme):
    rows("UPDATE customer SET first_name = '' WHERE id = 1")
    campaign = a_campaign(acme, template="Hi {first_name}").id
    assert "{first_name} is empty for 1 of 2 people" in cli("campaign", "send", campaign, "1,2").stdout


def test_the_saving_of_plain_typography_is_shown_and_taken(cli, acme):
    text = "Don’t miss our\u00a0sale – " + "x" * 100
    words = ("--account", "Acme", "--name", "Sale", "--everyone", "--template", text)
    campaign = cli("campaign", "create", *words, "--json").json["id"]
    says = "save 4 credits by replacing ’ U+00A0 –"
    assert f"would {says}" in cli("campaign", "preview", campaign).stdout
    cli("campaign", "edit", campaign, "--fold-typography")
    assert f"--fold-typography {says.replace('save', 'saves')}" in cli("campaign", "preview", campaign).stdout
    assert cli("campaign", "preview", campaign, "--json").json["estimate"]["credits"] == 4
    cli("campaign", "edit", campaign, "--keep-typography")
    assert cli("campaign", "preview", campaign, "--json").json["typography"]["folded"] is False
    folding = cli("campaign", "create", *words, "--fold-typography", "--json").json["id"]
    assert cli("campaign", "preview", folding, "--json").json["typography"]["folded"] is True


def test_a_plan_shows_each_zone_and_who_is_held_back(cli, campaign_id, monkeypatch):
    rows("UPDATE customer SET zone = 'Asia/Tokyo' WHERE id = 1")
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = 2")
    plan = cli("campaign", "plan", campaign_id, "--json").json
    assert list(plan) == ["starts_at", "expires_at", "zones", "held_back"]
    assert [(each["zone"], each["recipients"]) for each in plan["zones"]] == [("Asia/Tokyo", 1), ("Europe/Athens", 2)]
    monkeypatch.setenv("COLUMNS", "300")
    shown = [line.split() for line in cli("campaign", "plan", campaign_id).stdout.splitlines()]
    assert ["zone", "recipients", "first_at", "until"] in shown
    assert [line[:2] for line in shown if line[0] in ("Asia/Tokyo", "Europe/Athens")] == [
        ["Asia/Tokyo", "1"],
        ["Europe/Athens", "2"],
    ]
    assert any(line[:3] == ["held_back", "opted_out", "1"] for line in shown)


def test_a_campaign_that_has_started_has_no_plan(cli, campaign_id):
    rows("UPDATE account SET credits_available = 10")
    assert cli("campaign", "enqueue", campaign_id).status == 0
    refused = cli("campaign", "plan", campaign_id, "--json")
    assert (refused.status, refused.error["code"]) == (1, "INVALID_STATUS")
