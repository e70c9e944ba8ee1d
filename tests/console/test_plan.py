"""When people get a campaign, before it starts: by zone, and who waits or is left out, and why."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dispatch.accounts.accounts import change_account
from dispatch.campaigns.editing import edit_campaign
from dispatch.customers.suppressions import add_suppression
from models.database import rows
from tests.factories import a_campaign, a_list, asking
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


def launch(campaign):
    return f"/console/campaigns/{campaign.id}/launch?counted=yes"


def test_before_a_start_the_sentence_says_who_waits_for_their_hours_and_until_when(signed_in, campaign):
    later = f"{datetime.now(ZoneInfo('Europe/Athens')) + timedelta(hours=3):%H:%M}"
    edit_campaign(asking(), campaign.id, {"local_time": later})
    page = signed_in.get(launch(campaign))
    assert "1 person gets 1 segment each, 1 credit, the first at " in page.text
    assert "by their hours" in page.text
    assert "starting now" not in page.text
    edit_campaign(asking(), campaign.id, {"expires_at": datetime.now(UTC) + timedelta(hours=1)})
    page = signed_in.get(launch(campaign))
    assert "0 people get" not in page.text
    assert "Could only be reached after it expires" in page.text
    assert "Start now" not in page.text


@pytest.mark.parametrize(("over_cap", "says"), [("skip", "2 have had enough messages"), ("defer", "get it later")])
def test_who_has_had_enough_messages_is_not_promised_one_now(signed_in, account, over_cap, says):
    change_account(asking(account.id), {"cap_per_day": 1, "over_cap": over_cap})
    first = start_and_deliver(a_campaign(account, recipients=2))
    a_list(account, 1)
    wider = a_campaign(account, everyone=True)
    page = signed_in.get(launch(wider))
    assert says in page.text
    if over_cap == "skip":
        assert "1 person gets 1 segment each, about 1 credit, starting now." in page.text
        page = signed_in.get(launch(a_campaign(account, list_id=first.audience.list_id)))
        assert "Start now" not in page.text


def test_one_that_has_expired_or_is_too_small_to_be_compared_has_no_button(signed_in, account):
    expired = a_campaign(account, recipients=2)
    rows("UPDATE campaign SET expires_at = now() - interval '1 minute' WHERE id = %s", [expired.id])
    page = signed_in.get(launch(expired))
    assert "expires before anything of it could be sent" in page.text
    assert "Start now" not in page.text
