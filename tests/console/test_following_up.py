"""What the page of a campaign offers after its start: for those held back, and for those who joined since."""

from io import BytesIO

import pytest

from dispatch.customers.import_upload import Wish, start_import
from dispatch.customers.list_members import add_members
from dispatch.providers import Answer
from dispatch.start.enqueue import enqueue_campaign
from dispatch.texts.variants import Variant
from dispatch.texts.winner_rule import WinnerRule
from models.database import rows, scalar
from tests.factories import a_campaign, a_list, asking, customers
from tests.scripted_provider import ScriptedProvider
from tests.sending import answering, deliver, start_and_deliver
from tests.stored import phones_of

RULE = WinnerRule(after_hours=24, by="delivered", if_too_early="wait")
BY_PERSON, NONE = "Let a person decide instead", "Send them none of the texts"


def page_of(campaign):
    return f"/console/campaigns/{campaign.id}"


def a_comparison(account, rule=RULE):
    texts = [Variant(text="One"), Variant(text="Two")]
    return a_campaign(account, recipients=20, template="", variants=texts, hold_back=50, winner_rule=rule)


def buttons(page):
    return {words for form in page.forms for words in form.buttons}


@pytest.mark.parametrize("completed", [True, False])
def test_someone_ends_the_rule_and_then_decides_that_no_text_is_sent(signed_in, account, completed):
    campaign = a_comparison(account)
    if completed:
        start_and_deliver(campaign)
    else:
        enqueue_campaign(asking(), campaign.id)
    page = signed_in.get(page_of(campaign))
    assert {BY_PERSON, NONE} <= buttons(page)
    page = signed_in.press(BY_PERSON)
    assert "until someone chooses their text" in page.text
    assert "someone ended the rule" in page.text
    assert "by itself" not in page.text
    assert BY_PERSON not in buttons(page)
    page = signed_in.press(NONE)
    assert "Those who were held back get none of the texts." in page.text
    assert not {BY_PERSON, NONE} & buttons(page)
    assert rows("SELECT FROM held_back") == []


def test_without_a_rule_someone_decides_that_no_text_is_sent(signed_in, account):
    start_and_deliver(campaign := a_comparison(account, None))
    page = signed_in.get(page_of(campaign))
    assert BY_PERSON not in buttons(page)
    signed_in.press(NONE)
    assert rows("SELECT FROM held_back") == []


def test_the_text_that_someone_chose_is_sent_and_nothing_else_is_offered(signed_in, account):
    start_and_deliver(campaign := a_comparison(account))
    signed_in.get(page_of(campaign))
    page = signed_in.press("Send them text 2")
    assert "sends the text to those who were held back" in page.text
    assert scalar("SELECT count(DISTINCT phone) FROM message") == 20
    page = signed_in.get(page_of(campaign))
    assert "text 2 was sent to them" in page.text
    assert not {BY_PERSON, NONE} & buttons(page)


def test_who_joined_since_is_sent_the_campaign(signed_in, account):
    friends = a_list(account, 2, name="Friends")
    start_and_deliver(campaign := a_campaign(account, list_id=friends))
    page = signed_in.get(page_of(campaign))
    page = signed_in.press("Send it to those who joined since")
    assert signed_in.status == 400
    assert "No one has joined" in page.text
    [joined] = customers(account, 1, first_phone="+306911111111")
    add_members(asking(account.id), friends, [joined])
    signed_in.get(page_of(campaign))
    page = signed_in.press("Send it to those who joined since")
    assert "for those who joined since" in page.text
    sent = rows("SELECT phone FROM message WHERE campaign_id <> %s", [campaign.id])
    assert [each["phone"] for each in sent] == ["+306911111111"]


def test_while_an_import_runs_the_rest_is_offered_with_those_who_are_there(signed_in, account):
    friends = a_list(account, 2, name="friends")
    start_and_deliver(campaign := a_campaign(account, list_id=friends))
    add_members(asking(account.id), friends, customers(account, 1, first_phone="+306911111111"))
    start_import(asking(account.id), BytesIO(b"phone\n+306912345678\n"), Wish("friends"))
    signed_in.get(page_of(campaign))
    page = signed_in.press("Send it to those who joined since")
    assert signed_in.status == 409
    page = signed_in.press("Send it to those who are there by now")
    assert "for those who joined since" in page.text


def test_neither_a_test_nor_a_retry_offers_what_only_their_campaign_can(signed_in, account):
    campaign = a_campaign(account, recipients=2)
    signed_in.get(page_of(campaign))
    signed_in.send(f"{page_of(campaign)}/test", {"numbers": "+306912345678"})
    [child] = rows("SELECT id FROM campaign WHERE kind = 'test'")
    deliver(answering(reject=["+306912345678"]), child["id"])
    page = signed_in.get(f"/console/campaigns/{child['id']}")
    assert "What did not arrive" in page.text
    assert not {"Retry these", "Retry all of them", "Send it to those who joined since"} & buttons(page)


def test_those_whose_messages_failed_for_one_reason_are_retried(signed_in, account):
    campaign = a_campaign(account, recipients=3)
    codes = dict(zip(phones_of(account), "ABB", strict=True))
    enqueue_campaign(asking(), campaign.id)
    deliver(
        ScriptedProvider({phone: [Answer("rejected", error_code=code)] for phone, code in codes.items()}), campaign.id
    )
    page = signed_in.get(page_of(campaign))
    offered = {form["error_code"]: form for form in page.forms if "Retry these" in form.buttons}
    assert set(offered) == {"A", "B"}
    chosen = offered["B"]
    answer = signed_in.client.post(chosen.action, data=dict(chosen.fields), follow_redirects=True)
    assert "sends to those people again" in answer.text
    sent = rows("SELECT phone FROM message WHERE campaign_id <> %s ORDER BY phone", [campaign.id])
    assert [each["phone"] for each in sent] == [phone for phone, code in codes.items() if code == "B"]


def test_the_links_of_a_campaign_are_shown_with_how_many_opened_them(signed_in, account, configure):
    configure(PUBLIC_URL="https://campaigns.example.com")
    campaign = a_campaign(account, recipients=2, template="Look: https://shop.example/a", track_links=True)
    start_and_deliver(campaign)
    page = signed_in.get(page_of(campaign))
    assert "https://shop.example/a 0 people 0" in page.text


def test_a_number_of_a_test_that_is_none_is_counted_from_one(signed_in, account):
    campaign = a_campaign(account, recipients=1)
    signed_in.get(page_of(campaign))
    page = signed_in.send(f"{page_of(campaign)}/test", {"numbers": "+306900000000, abc"})
    assert signed_in.status == 400
    assert "Number 2: The phone number cannot be used" in page.text
