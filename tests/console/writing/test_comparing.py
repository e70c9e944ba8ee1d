"""Campaigns with several texts, written in the console and read again, and what is refused of them."""

import re

import pytest

from dispatch.campaigns.reading import read_campaign
from dispatch.customers.suppressions import add_suppression
from dispatch.texts.variants import Variant
from dispatch.texts.winner_rule import WinnerRule
from models.database import rows
from tests.factories import a_campaign, a_list, asking
from tests.sending import start_and_deliver

NEW = "/console/campaigns/new"
TWO = {"name": "Which", "text": "Hi {first_name}", "text_2": "Sale, {first_name}!"}


@pytest.fixture
def people(account):
    return a_list(account, 40, name="Friends")


def campaigns():
    return rows("SELECT * FROM campaign ORDER BY id")


def test_two_texts_are_previewed_saved_and_shown_again(signed_in, people):
    signed_in.get(NEW)
    page = signed_in.send(NEW, {**TWO, "lists": str(people), "share_1": "30", "share_2": "70"}, button="Preview")
    assert "40 people" in page.text
    assert "Hi First0" in page.text
    assert "Sale, First0!" in page.text
    assert "for 70 percent" in page.text
    signed_in.send(NEW, button="Save")
    shown = read_campaign(asking(), campaigns()[0]["id"])
    assert [(each.text, each.share) for each in shown.variants] == [
        ("Hi {first_name}", 30),
        ("Sale, {first_name}!", 70),
    ]
    address = f"/console/campaigns/{shown.id}/edit"
    form = signed_in.get(address).form(address)
    assert [form[name] for name in ("text", "text_2", "text_3", "share_1", "share_2")] == [
        "Hi {first_name}", "Sale, {first_name}!", "", "30", "70"
    ]  # fmt: skip


def test_a_gap_between_the_texts_is_closed(signed_in, people):
    signed_in.get(NEW)
    signed_in.send(
        NEW, {"name": "x", "text": "One", "text_2": " ", "text_4": "Two", "lists": str(people)}, button="Save"
    )
    shown = read_campaign(asking(), campaigns()[0]["id"])
    assert [(each.text, each.share) for each in shown.variants] == [("One", 50), ("Two", 50)]


def test_people_are_held_back_for_a_rule_and_the_page_says_so(signed_in, people):
    signed_in.get(NEW)
    rule = {"hold_back": "50", "winner_by": "replied", "winner_after": "48", "winner_early": "leading"}
    signed_in.send(NEW, {**TWO, **rule, "lists": str(people)}, button="Save")
    shown = read_campaign(asking(), campaigns()[0]["id"])
    assert (shown.hold_back, shown.winner_rule) == (
        50,
        WinnerRule(after_hours=48, by="replied", if_too_early="leading"),
    )
    start_and_deliver(shown)
    page = signed_in.get(f"/console/campaigns/{shown.id}")
    assert "50 percent of the people were held back" in page.text
    assert "are sent the best text by itself" in page.text
    assert "Send them text 2" in page.text


def test_a_campaign_gets_one_text_again(signed_in, account, people):
    texts = [Variant(text="One"), Variant(text="Two")]
    campaign = a_campaign(account, list_id=people, template="", variants=texts, hold_back=50)
    address = f"/console/campaigns/{campaign.id}/edit"
    signed_in.get(address)
    page = signed_in.send(address, {"text_2": ""}, button="Save")
    assert "before you hold anyone back" in page.text
    assert page.form(address)["hold_back"] == "50"
    signed_in.send(address, {"hold_back": ""}, button="Save")
    shown = read_campaign(asking(), campaign.id)
    assert (shown.variants, shown.hold_back, shown.base_template) == ([], 0, "One")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"share_1": "30"}, "Give every text a share"),
        ({"share_1": "30", "share_2": "30"}, "add up to 60 percent"),
        ({"share_1": "half", "share_2": "50"}, "whole number"),
        ({"share_1": "-1", "share_2": "101"}, "whole number"),
        ({"text": ""}, "Text 1 is empty"),
        ({"text_2": "Hi {first_name}"}, "have the same text"),
        ({"text_2": "Hi {nickname}"}, "nickname"),
        ({"hold_back": "91"}, "0 to 90"),
        ({"hold_back": "ten"}, "whole number"),
        ({"winner_by": "delivered"}, "“Hold back”"),
        ({"hold_back": "50", "winner_by": "delivered", "winner_after": "0"}, "1 to 168 hours"),
        ({"hold_back": "50", "winner_by": "delivered", "winner_after": "soon"}, "whole number"),
        ({"hold_back": "50", "winner_by": "clicked"}, "Count who opens links"),
        ({"text_2": "", "hold_back": "50"}, "Write a second text"),
    ],
)
def test_a_comparison_that_cannot_be_used_is_refused_and_stays_in_the_form(signed_in, people, typed, says):
    signed_in.get(NEW)
    page = signed_in.send(NEW, {**TWO, "lists": str(people), **typed}, button="Save")
    assert signed_in.status == 400
    assert says in page.text
    form = page.form(NEW)
    assert {name: form[name] for name in typed} == typed
    assert campaigns() == []


def test_the_expensive_characters_of_every_text_are_replaced_at_once(signed_in):
    signed_in.get(NEW)
    page = signed_in.send(NEW, {"name": "x", "text": "It’s", "text_2": "“Spring”"}, button="Preview")
    assert "make text 1 more expensive" in page.text
    assert "make text 2 more expensive" in page.text
    form = signed_in.send(NEW, button="Replace them").form(NEW)
    assert (form["text"], form["text_2"]) == ("It's", '"Spring"')


def test_who_is_held_back_is_said_before_a_start_though_none_of_the_first_messages_is_sent(signed_in, account):
    texts = [Variant(text="One"), Variant(text="Two")]
    campaign = a_campaign(account, recipients=40, template="", variants=texts, hold_back=50)
    for n in range(3):
        add_suppression(asking(account.id), phone=f"+30690000000{n}")
    page = signed_in.get(f"/console/campaigns/{campaign.id}/launch?counted=yes")
    assert re.search("[0-9]+ people get 1 segment each, [0-9]+ credits, starting now", page.text)
    assert "50 percent of the people are held back and get one of the texts later." in page.text
