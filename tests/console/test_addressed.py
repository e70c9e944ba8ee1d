"""What the page of a campaign says about who gets it."""

import pytest

from dispatch.campaigns.reading import read_campaign
from dispatch.start.follow_ups import send_test
from dispatch.start.sweep import sweep_due
from tests.factories import a_campaign, a_list, a_segment, an_account, asking, combined, customers


def page_of(campaign):
    return f"/console/campaigns/{campaign.id}"


def test_the_page_says_who_gets_it_and_when_they_may_be_reached(signed_in, account):
    friends, staff = a_list(account, 2, name="Friends"), a_list(account, 1, name="Staff")
    athens = a_segment(account, "location", "eq", "Athens", name="Athenians")
    audience = combined(lists=[friends], segments=[athens], except_lists=[staff])
    campaign = a_campaign(account, combined=audience, send_window="Mon-Fri 09:00-18:00", holidays="GR")
    page = signed_in.get(page_of(campaign))
    assert "It is for the list Friends and the segment Athenians , without the list Staff ." in page.text
    assert "only Mon-Fri 09:00-18:00 by each person’s own clock, not on public holidays in GR" in page.text
    assert ("a", f"/console/lists/{friends}") in [(tag, given.get("href")) for tag, given in page.tags]


@pytest.mark.parametrize(
    ("audience", "says"),
    [
        ({}, "No one is chosen yet."),
        ({"everyone": True}, "It is for everyone who is subscribed."),
        ({"customer_ids": 2}, "It is for 2 chosen customers."),
        ({"remote": []}, "It is for users of user-service."),
    ],
)
def test_the_page_says_who_gets_it_for_every_kind_of_audience(signed_in, account, audience, says):
    if "customer_ids" in audience:
        audience = {"customer_ids": customers(account, 2)}
    assert says in signed_in.get(page_of(a_campaign(account, **audience))).text


@pytest.mark.parametrize(
    ("credits", "says"), [(0, "The account has too few credits"), (9, "Nobody in its audience can be")]
)
def test_the_page_says_in_words_why_a_start_at_its_time_was_refused(browser, credits, says):
    poor = an_account(credits, name="Poor")
    campaign = a_campaign(poor, due=True, **({"recipients": 3} if not credits else {"everyone": True}))
    sweep_due(asking(poor.id))
    browser.sign_in(poor)
    assert f"Reason: {says}" in browser.get(page_of(campaign)).text


def test_the_page_of_a_test_names_the_campaign_that_it_is_of(signed_in, account):
    campaign = a_campaign(account, recipients=1)
    child = send_test(asking(account.id), campaign.id, ["+306912345678"])
    page = signed_in.get(page_of(read_campaign(asking(), child.campaign_id)))
    assert f"Chosen from campaign {campaign.id}" in page.text
