"""The verbs that change a campaign, send it to some, or follow it up."""

import pytest

from models.database import rows
from tests.factories import a_campaign, a_list, an_account, customers
from tests.sending import start_and_deliver
from tests.stored import phones_of, recipients_of


@pytest.fixture
def acme(cli):
    return an_account(name="Acme")


def test_a_campaign_is_edited_copied_and_deleted(cli, acme):
    a_list(acme, 2, name="spring")
    campaign = a_campaign(acme, name="Sale").id
    edited = cli("campaign", "edit", campaign, "--name", "Spring", "--list", "spring", "--json").json
    assert (edited["name"], edited["audience"]) == ("Spring", {"kind": "list", "list_id": 1})
    copy = cli("campaign", "duplicate", campaign, "--json").json
    assert copy == {"id": 2, "status": "draft", "name": "Copy of Spring"}
    assert cli("campaign", "delete", copy["id"], "--json").json == {"id": 2, "deleted": True}
    found = cli("campaign", "list", "--search", "spr", "--json").json
    assert [each["id"] for each in found] == [campaign]


def test_a_campaign_is_sent_to_chosen_customers_at_its_time_or_at_once(cli, acme):
    customers(acme, 3)
    campaign = a_campaign(acme).id
    cli("campaign", "schedule", campaign, "2090-01-31T07:00:00Z")
    queued = cli("campaign", "send", campaign, "1, 2", "--json").json
    assert queued == {"id": campaign, "status": "scheduled", "messages_queued": 2}
    assert cli("campaign", "unschedule", campaign, "--json").json["status"] == "draft"
    assert cli("campaign", "send", campaign, "3", "--json").json["status"] == "sending"
    assert recipients_of(campaign) == phones_of(acme)


def test_a_retry_a_rest_and_a_test_answer_with_the_child(cli, acme):
    customers(acme, 2)
    campaign = a_campaign(acme, everyone=True)
    start_and_deliver(campaign, reject=phones_of(acme)[:1])
    customers(acme, 1)
    retry = cli("campaign", "retry-failed", campaign.id, "--json").json
    rest = cli("campaign", "send-to-rest", campaign.id, "--json").json
    test = cli("campaign", "test-send", campaign.id, "+30 691 222 2222", "--json").json
    assert [(child["id"], child["parent_id"], child["queued"]) for child in (retry, rest, test)] == [
        (2, 1, 1),
        (3, 1, 1),
        (4, 1, 1),
    ]
    assert recipients_of(test["id"]) == ["+306912222222"]


def test_a_test_shows_the_text_that_each_number_gets(cli, acme):
    customers(acme, 1, first_phone="+306912222222")
    campaign = a_campaign(acme, template="Hi {first_name},\nsee you in {location}").id
    numbers = ("+30 691 222 2222", "+30 691 333 3333")
    sent = cli("campaign", "test-send", campaign, *numbers, "--json").json["messages"]
    assert [(message["phone"], message["text"]) for message in sent] == [
        ("+306912222222", "Hi First0,\nsee you in Athens"),
        ("+306913333333", "Hi Maria,\nsee you in Athens"),
    ]
    shown = cli("campaign", "test-send", campaign, *numbers).stdout
    [line] = [line for line in shown.splitlines() if "Maria" in line]
    assert line.split() == ["+306913333333", "gsm7", "1", "pending", *["Hi", "Maria,", "see", "you", "in", "Athens"]]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("edit", 1), "INVALID_REQUEST"),
        (("edit", 1, "--list", "nothing"), "RESOURCE_NOT_FOUND"),
        (("edit", 1, "--template", "{frist_name}"), "INVALID_TEMPLATE"),
        (("send", 1, "999"), "CUSTOMER_NOT_FOUND"),
        (("send", 1, "one"), "INVALID_REQUEST"),
        (("unschedule", 1), "INVALID_STATUS"),
        (("retry-failed", 1), "INVALID_STATUS"),
        (("test-send", 1, "hello"), "INVALID_REQUEST"),
        (("delete", 99), "CAMPAIGN_NOT_FOUND"),
    ],
)
def test_an_invalid_request_is_refused_and_changes_nothing(cli, acme, words, code):
    a_campaign(acme)
    before = rows("SELECT * FROM campaign")
    assert cli("campaign", *words, "--json").error["code"] == code
    assert rows("SELECT * FROM campaign") == before
