"""What a retry or a rest says when no one is left for it: the counts of the campaign, and what to do instead."""

import pytest

from dispatch.campaigns.lifecycle import cancel_campaign
from dispatch.errors import NoRecipients
from dispatch.recovery import recover
from dispatch.start.follow_ups import retry_failed, send_to_rest
from tests.factories import a_campaign, an_account, asking
from tests.sending import answering, deliver, start_and_deliver, started
from tests.stored import phones_of

pytestmark = pytest.mark.usefixtures("db", "redis")


def _said(follow_up, campaign_id: int, **options: str) -> str:
    with pytest.raises(NoRecipients) as refused:
        follow_up(asking(), campaign_id, **options)
    return refused.value.message


def test_a_campaign_that_reached_everyone_has_no_one_to_retry():
    campaign = start_and_deliver(a_campaign(an_account(), recipients=2))
    assert _said(retry_failed, campaign.id) == (
        "There is no one to retry: none of the campaign's messages failed or was undelivered."
    )


@pytest.mark.parametrize("follow_up", [retry_failed, send_to_rest])
def test_a_cancelled_campaign_says_how_many_were_not_sent_and_how_to_send_to_them(follow_up):
    campaign_id = started(recipients=3)
    cancel_campaign(asking(), campaign_id)
    before = _said(follow_up, campaign_id)
    recover()
    assert _said(follow_up, campaign_id) == before
    assert "3 messages were cancelled and will not be sent" in before
    assert f"campaign duplicate {campaign_id}`" in before
    assert f"POST /api/campaigns/{campaign_id}/duplicate" in before
    assert "reached since" not in before


@pytest.mark.parametrize("follow_up", [retry_failed, send_to_rest])
def test_a_campaign_with_unknown_messages_says_that_a_person_decides_about_them(follow_up):
    account = an_account()
    campaign = a_campaign(account, recipients=3)
    start_and_deliver(campaign, lose=phones_of(account)[:1])
    said = _said(follow_up, campaign.id)
    assert "1 message may have arrived (is unknown)" in said
    assert f"unknown list {campaign.id}`" in said
    assert f"POST /api/campaigns/{campaign.id}/unknown/accept" in said
    assert "cancelled" not in said


def test_a_campaign_that_is_still_sending_says_how_many_messages_wait():
    assert "2 messages are still to be sent." in _said(retry_failed, started(recipients=2))


def test_people_who_failed_and_were_reached_since_are_named_as_such():
    account = an_account()
    campaign = a_campaign(account, recipients=2)
    start_and_deliver(campaign, reject=phones_of(account)[:1])
    assert "or the message failed for another reason." in _said(retry_failed, campaign.id, reason="no_answer")
    deliver(answering(), retry_failed(asking(), campaign.id).campaign_id)
    said = _said(retry_failed, campaign.id)
    assert said.startswith("There is no one to retry: 1 message failed or was undelivered, but each of these people ")
    assert "another reason" not in said
