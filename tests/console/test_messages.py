"""The messages of a campaign in the console: found by state and number, and the story of each."""

import pytest

from dispatch.campaigns.lifecycle import cancel_campaign
from dispatch.customers.customers import list_customers
from dispatch.customers.suppressions import add_suppression
from tests.factories import a_campaign, an_account, asking
from tests.sending import start_and_deliver

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def campaign(account):
    """A campaign to three people: one got it, one has a wrong number, one has opted out."""
    add_suppression(asking(account.id), phone="+306900000002")
    drafted = a_campaign(account, recipients=3, name="Spring", template=f"Hello {SCRIPT}")
    return start_and_deliver(drafted, reject=["+306900000001"])


def messages(campaign, query=""):
    return f"/console/campaigns/{campaign.id}/messages{query}"


def test_the_campaign_leads_to_each_message_and_what_became_of_it(signed_in, campaign):
    assert messages(campaign) in signed_in.get(f"/console/campaigns/{campaign.id}").links
    page = signed_in.get(messages(campaign))
    for words in ("3 messages", "+306900000000", "rejected (no_such_number)", "opted out", "Hello <script>"):
        assert words in page.text


def test_they_are_found_by_their_state(signed_in, campaign):
    page = signed_in.get(messages(campaign, "?state=failed"))
    assert "1 message found" in page.text
    assert "+306900000001" in page.text
    assert "+306900000000" not in page.text
    assert "No message is like that" in signed_in.get(messages(campaign, "?state=read")).text


def test_why_messages_did_not_arrive_leads_to_those_messages(signed_in, campaign):
    assert messages(campaign, "?state=failed") in signed_in.get(f"/console/campaigns/{campaign.id}").links


def test_they_are_found_by_a_number_as_people_write_it(signed_in, campaign):
    page = signed_in.get(messages(campaign, "?phone=%2B30+690+000+0001"))
    assert "1 message found" in page.text
    assert "+306900000001" in page.text


def test_a_number_that_is_none_is_refused_on_the_page_and_stays_in_the_field(signed_in, campaign):
    page = signed_in.get(messages(campaign, "?phone=69"))
    assert signed_in.status == 400
    assert "The phone number cannot be used" in page.text
    assert page.form(messages(campaign))["phone"] == "69"


def test_a_state_that_is_none_is_refused(signed_in, campaign):
    signed_in.get(messages(campaign, "?state=lost"))
    assert signed_in.status == 400


def test_other_pages_keep_the_state(signed_in, account):
    drafted = a_campaign(account, recipients=5)
    campaign = start_and_deliver(drafted)
    page = signed_in.get(messages(campaign, "?state=sent&page_size=2"))
    assert any("state=sent" in link and "page=2" in link for link in page.links)


def test_a_draft_says_that_it_has_none_yet(signed_in, account):
    assert "It has no messages yet" in signed_in.get(messages(a_campaign(account, recipients=1))).text


def test_a_message_tells_its_story(signed_in, campaign):
    page = signed_in.get(f"/console/messages/{campaign.id}-1")
    for words in ("+306900000001", "failed", f"Campaign {campaign.id} was started", "It was called once", "rejected"):
        assert words in page.text
    assert SCRIPT in page.text, "as text, not as a script"


def test_the_page_of_a_customer_leads_to_the_story_of_each_message(signed_in, account, campaign):
    [found] = list_customers(asking(account.id), q="+306900000001").rows
    assert f"/console/messages/{campaign.id}-1" in signed_in.get(f"/console/customers/{found.id}").links


@pytest.mark.parametrize("reference", ["{id}-99", "0-0", "x", "99999999999999999999-1"])
def test_a_message_that_there_is_not_is_not_found(signed_in, campaign, reference):
    signed_in.get(f"/console/messages/{reference.format(id=campaign.id)}")
    assert signed_in.status == 404


def test_another_accounts_messages_are_not_found(browser, campaign):
    browser.sign_in(an_account(name="Other"))
    for path in (messages(campaign), f"/console/messages/{campaign.id}-0"):
        browser.get(path)
        assert browser.status == 404


def test_a_page_behind_the_last_one_says_so_and_leads_back(signed_in, campaign):
    page = signed_in.get(messages(campaign, "?state=failed&page=2"))
    assert "The list does not go so far" in page.text
    assert messages(campaign, "?state=failed") in page.links
    assert "does not go so far" in signed_in.get("/console/customers?page=9").text


def test_a_cancelled_draft_and_a_recurring_campaign_do_not_promise_messages(signed_in, account):
    draft = a_campaign(account, recipients=1)
    cancel_campaign(asking(account.id), draft.id)
    assert "it did not start" in signed_in.get(messages(draft)).text
    assert messages(draft) not in signed_in.get(f"/console/campaigns/{draft.id}").links
    pattern = a_campaign(account, recipients=1, cron_expression="0 9 * * *")
    assert f"/console/campaigns?parent_id={pattern.id}" in signed_in.get(messages(pattern)).links
    assert (
        "what it has started and has not ended is cancelled too"
        in signed_in.get(f"/console/campaigns/{pattern.id}").text
    )
