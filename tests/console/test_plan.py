"""When people get a campaign, before it starts: by zone, and who waits or is left out, and why."""

import pytest

from dispatch.customers.suppressions import add_suppression
from tests.factories import a_campaign, asking
from tests.sending import start_and_deliver


def plan(campaign):
    return f"/console/campaigns/{campaign.id}/plan"


@pytest.fixture
def campaign(account):
    """A draft to two people in Greece, one of whom has opted out, for the morning only."""
    drafted = a_campaign(account, recipients=2, name="Spring", local_time="10:15")
    add_suppression(asking(account.id), phone="+306900000001")
    return drafted


def test_the_campaign_leads_to_how_many_people_get_it_when_and_who_does_not(signed_in, campaign):
    page = signed_in.get(f"/console/campaigns/{campaign.id}")
    assert plan(campaign) in page.links
    page = signed_in.get(plan(campaign))
    for words in ("Europe/Athens", "10:15 EE", "1 person waits until their clocks show the campaign's time"):
        assert words in page.text
    assert "1 person does not get it: opted out" in page.text


def test_an_audience_of_no_one_is_said(signed_in, account):
    assert "It would reach no one" in signed_in.get(plan(a_campaign(account, everyone=True))).text


def test_a_campaign_that_has_started_has_none_and_says_so(signed_in, account):
    campaign = start_and_deliver(a_campaign(account, recipients=1))
    page = signed_in.get(plan(campaign))
    assert signed_in.status == 409
    assert "has no plan" in page.text
    assert plan(campaign) not in signed_in.get(f"/console/campaigns/{campaign.id}").text


def test_a_draft_without_an_audience_says_what_is_missing(signed_in, account):
    page = signed_in.get(plan(a_campaign(account, everyone=False)))
    assert signed_in.status in (400, 409)
    assert "audience" in page.text.lower()
