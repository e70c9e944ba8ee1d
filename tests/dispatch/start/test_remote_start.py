"""A campaign with a remote audience is started as any other: by hand, by the sweep, with an approval, or refused."""

import pytest

from config.stopping import stopping
from dispatch import queues
from dispatch.accounts.accounts import change_account, change_business
from dispatch.campaigns.approval import approve_campaign
from dispatch.campaigns.previews import preview_audience
from dispatch.errors import (
    ApprovalRequired,
    InvalidRequest,
    RemoteNotConfigured,
)
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import send_to_rest
from dispatch.start.preparation import continue_preparation
from dispatch.start.sweep import sweep_due
from tests.doubles.businesses import BUSINESS_ID
from tests.doubles.serving import status
from tests.factories import an_account, asking
from tests.remote import a_business, a_remote_campaign, start
from tests.stored import campaign_row, recipients_of, stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account(remote):
    return a_business()


def test_an_approval_is_asked_for_once_the_size_is_known(remote, account):
    change_account(asking(account.id, actor="writer"), {"approval_above": 3})
    campaign = a_remote_campaign(remote, account, users=5)
    with pytest.raises(ApprovalRequired):
        start(campaign)
    assert preview_audience(asking(), campaign.id).count == 5
    approve_campaign(asking(actor="second"), campaign.id, revision=campaign.revision)
    assert start(campaign).queued == 5


@pytest.mark.parametrize("name", ["USER_SERVICE_URL", "BUSINESS_SERVICE_URL", "KEYCLOAK_CLIENT_SECRET"])
def test_a_missing_setting_is_named_before_anything_changes(remote, account, configure, name):
    campaign = a_remote_campaign(remote, account, users=5)
    configure(MESSAGING_SERVICE_URL="", **{name: ""})
    before = stored_rows()
    with pytest.raises(RemoteNotConfigured, match=name):
        enqueue_campaign(asking(), campaign.id)
    assert stored_rows() == before


def test_an_account_without_a_business_is_refused_until_it_has_one(remote):
    account = an_account()
    campaign = a_remote_campaign(remote, account, users=1, due=True)
    assert [error.error for error in sweep_due(asking()).errors] == ["REMOTE_NOT_CONFIGURED"]
    assert campaign_row(campaign.id)["blocked_reason"] == "REMOTE_NOT_CONFIGURED"
    change_business(asking(account.id), BUSINESS_ID)
    assert [swept.campaign_id for swept in sweep_due(asking()).campaigns] == [campaign.id]


def test_the_rest_of_a_remote_audience_is_refused_with_the_way_to_reach_it(remote, account):
    campaign = a_remote_campaign(remote, account, users=2)
    start(campaign)
    with pytest.raises(InvalidRequest, match="copy the campaign"):
        send_to_rest(asking(), campaign.id)


def test_a_start_by_hand_leaves_the_fetch_to_a_job(remote, account):
    campaign = a_remote_campaign(remote, account, users=10)
    started = enqueue_campaign(asking(), campaign.id)
    assert (started.status, started.queued, remote.users.requests) == ("preparing", 0, [])
    continue_preparation(campaign.id, campaign_row(campaign.id)["prep_token"])
    assert (campaign_row(campaign.id)["status"], len(recipients_of(campaign.id))) == ("sending", 10)


def test_the_sweep_starts_a_due_campaign(remote, account):
    campaign = a_remote_campaign(remote, account, users=3, due=True)
    [swept] = sweep_due(asking()).campaigns
    assert (swept.campaign_id, swept.new_status, swept.recipients_generated) == (campaign.id, "preparing", False)


def test_a_due_campaign_whose_service_fails_is_set_aside_and_tried_again(remote, account):
    campaign = a_remote_campaign(remote, account, users=3, due=True)
    remote.users.fail(status(400))
    sweep_due(asking())
    continue_preparation(campaign.id, campaign_row(campaign.id)["prep_token"])
    stored = campaign_row(campaign.id)
    assert (stored["status"], stored["blocked_reason"]) == ("scheduled", "REMOTE_FAILED")
    assert stored["next_check_at"] is not None


def test_a_start_in_place_that_is_asked_to_stop_leaves_the_rest_to_a_job(remote, account, monkeypatch):
    campaign = a_remote_campaign(remote, account, users=10)
    monkeypatch.setattr(stopping(), "asked", True)
    assert start(campaign).status == "preparing"
    monkeypatch.undo()
    assert queues.preparation_is_queued(campaign.id, campaign_row(campaign.id)["prep_token"])
