"""Campaigns edited, copied and deleted."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatch.campaigns import variants
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import pause_campaign, unschedule_campaign
from dispatch.campaigns.reading import list_campaigns, read_campaign
from dispatch.campaigns.view import AudienceView
from dispatch.campaigns.writing import delete_campaign, duplicate_campaign
from dispatch.errors import (
    CampaignNotFound,
    CustomerNotFound,
    EmptyCustomerIds,
    InvalidRequest,
    InvalidStatus,
    InvalidTemplate,
    NotFound,
)
from dispatch.start.follow_ups import send_test
from dispatch.texts.stored import create_template
from models.campaigns import blocking
from models.campaigns.due import DueCampaign
from models.database import rows
from models.page import Page
from models.tenancy import ALL_ACCOUNTS
from models.turns import Turns
from tests.factories import a_campaign, a_list, an_account, arrange_state, asking, customers
from tests.sending import start_and_deliver
from tests.stored import stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def account(db):
    return an_account()


@pytest.mark.parametrize("scheduled_at", [None, LATER])
def test_the_given_fields_change_and_the_rest_stays(account, scheduled_at):
    list_id = a_list(account, 2)
    campaign = a_campaign(account, everyone=True, scheduled_at=scheduled_at)
    edited = edit_campaign(asking(), campaign.id, {"name": " New ", "template": "Hi", "list_id": list_id})
    changed = {
        "name": "New",
        "base_template": "Hi",
        "audience": AudienceView(kind="list", list_id=list_id),
        "revision": edited.revision,
    }
    assert edited == campaign.model_copy(update=changed)
    assert read_campaign(asking(), campaign.id) == edited


def test_an_audience_replaces_the_previous_one(account):
    first, second, third = customers(account, 3)
    campaign = a_campaign(account, customer_ids=[first, second])
    edited = edit_campaign(asking(), campaign.id, {"customer_ids": [third]})
    assert edited.audience == AudienceView(kind="customers", customers=1)
    assert edit_campaign(asking(), campaign.id, {"everyone": True}).audience == AudienceView(kind="everyone")
    assert rows("SELECT 1 FROM campaign_customer") == []
    assert edit_campaign(asking(), campaign.id, {"everyone": False}).audience is None


def test_times_are_set_changed_and_removed(account):
    campaign = a_campaign(account)
    edited = edit_campaign(asking(), campaign.id, {"scheduled_at": LATER, "expires_at": LATER + timedelta(hours=1)})
    assert (edited.status, edited.scheduled_at) == ("scheduled", LATER)
    edited = edit_campaign(asking(), campaign.id, {"scheduled_at": None, "expires_at": None})
    assert (edited.status, edited.scheduled_at, edited.expires_at) == ("draft", None, None)


def test_editing_a_campaign_that_was_set_aside_lets_it_be_checked_again(account):
    campaign = a_campaign(account, due=True)
    blocking.block(campaign.id, "NO_TARGET_AUDIENCE")
    edited = edit_campaign(asking(), campaign.id, {"everyone": True})
    assert (edited.blocked_reason, edited.next_check_at) == (None, None)
    assert [due.id for due in DueCampaign.page(10, ALL_ACCOUNTS, seen=[], turns=Turns())] == [campaign.id]


@pytest.mark.parametrize(
    ("changes", "refusal", "says"),
    [
        ({}, InvalidRequest, "at least one field"),
        ({"name": " "}, InvalidRequest, "1 to 200"),
        ({"channel": "fax"}, InvalidRequest, "sms, whatsapp"),
        ({"template": "Hi {first_nme}"}, InvalidTemplate, "first_nme"),
        ({"customer_ids": []}, EmptyCustomerIds, "empty"),
        ({"customer_ids": [1, 999]}, CustomerNotFound, "999"),
        ({"list_id": 999}, NotFound, "no such list"),
        ({"list_id": 1, "everyone": True}, InvalidRequest, "one audience"),
        ({"scheduled_at": LATER - timedelta(days=2)}, InvalidRequest, "scheduled_at must be in the future"),
        ({"scheduled_at": LATER.replace(tzinfo=None)}, InvalidRequest, "no time zone"),
        ({"scheduled_at": LATER + timedelta(days=3)}, InvalidRequest, "expires_at must be after"),
        ({"expires_at": LATER - timedelta(days=2)}, InvalidRequest, "expires_at must be"),
        ({"expires_at": LATER}, InvalidRequest, "expires_at must be after"),
    ],
)
def test_an_invalid_edit_changes_nothing(account, changes, refusal, says):
    chosen = customers(account, 1)
    campaign = a_campaign(
        account, customer_ids=chosen, scheduled_at=LATER, expires_at=LATER + timedelta(days=2), name="Sale"
    )
    before = stored_rows()
    with pytest.raises(refusal, match=says):
        edit_campaign(asking(), campaign.id, {"name": "New", **changes} if changes else {})
    assert stored_rows() == before


@pytest.mark.parametrize("status", ["preparing", "sending", "completed", "cancelled", "failed"])
def test_a_started_or_ended_campaign_is_neither_edited_nor_deleted(account, status):
    campaign = a_campaign(account, recipients=1)
    arrange_state(campaign.id, status)
    before = stored_rows()
    for refused in (
        lambda: edit_campaign(asking(), campaign.id, {"name": "x"}),
        lambda: delete_campaign(asking(), campaign.id),
    ):
        with pytest.raises(InvalidStatus, match=f"is {status} cannot"):
            refused()
    assert stored_rows() == before


def test_a_draft_is_deleted_with_its_chosen_customers_and_its_tests_stay(account):
    chosen = customers(account, 2)
    campaign = a_campaign(account, customer_ids=chosen)
    test = send_test(asking(), campaign.id, ["+306912222222"])
    delete_campaign(asking(), campaign.id)
    with pytest.raises(CampaignNotFound):
        read_campaign(asking(), campaign.id)
    assert rows("SELECT 1 FROM campaign_customer") == []
    assert len(rows("SELECT 1 FROM customer")) == 2
    left = read_campaign(asking(), test.campaign_id)
    assert (left.parent_id, left.status) == (None, "sending")


def test_a_scheduled_campaign_is_unscheduled_before_it_is_deleted(account):
    campaign = a_campaign(account, recipients=1, scheduled_at=LATER)
    with pytest.raises(InvalidStatus):
        delete_campaign(asking(), campaign.id)
    unscheduled = unschedule_campaign(asking(), campaign.id)
    assert (unscheduled.status, unscheduled.scheduled_at) == ("draft", None)
    with pytest.raises(InvalidStatus, match="is draft cannot be unscheduled"):
        unschedule_campaign(asking(), campaign.id)
    delete_campaign(asking(), campaign.id)


def test_a_paused_campaign_is_not_unscheduled(account):
    campaign = a_campaign(account, recipients=1, scheduled_at=LATER)
    pause_campaign(asking(), campaign.id)
    with pytest.raises(InvalidStatus, match="is paused"):
        unschedule_campaign(asking(), campaign.id)


def test_a_copy_is_a_draft_with_the_same_text_for_the_same_people(account):
    chosen = customers(account, 2)
    campaign = a_campaign(account, customer_ids=chosen, name="Sale", channel="whatsapp")
    start_and_deliver(campaign)
    copy = duplicate_campaign(asking(), campaign.id)
    assert [
        getattr(copy, field) for field in ("status", "name", "channel", "base_template", "audience", "parent_id")
    ] == [
        "draft",
        "Copy of Sale",
        "whatsapp",
        campaign.base_template,
        AudienceView(kind="customers", customers=2),
        None,
    ]
    assert copy.stats.total == 0
    assert start_and_deliver(copy).stats.sent == 2


def test_a_copy_has_the_given_name_or_one_that_fits(account):
    campaign = a_campaign(account, name="x" * 200)
    assert duplicate_campaign(asking(), campaign.id, name="Again").name == "Again"
    assert len(duplicate_campaign(asking(), campaign.id).name) == 200


def test_campaigns_are_found_by_a_part_of_their_name(account):
    a_campaign(account, name="Summer sale 50%")
    a_campaign(account, name="Winter")
    assert [found.name for found in list_campaigns(asking(account.id), q="SALE").rows] == ["Summer sale 50%"]
    assert list_campaigns(asking(account.id), q="%").total == 1
    assert list_campaigns(asking(account.id), q="spring") == Page([], 0)


def _edit(caller, campaign_id):
    edit_campaign(caller, campaign_id, {"name": "x"})


@pytest.mark.parametrize("act", [_edit, delete_campaign, duplicate_campaign, unschedule_campaign])
def test_another_accounts_campaign_is_not_found(account, act):
    theirs = a_campaign(an_account(), recipients=1)
    before = stored_rows()
    with pytest.raises(CampaignNotFound):
        act(asking(account.id), theirs.id)
    assert stored_rows() == before


def test_a_template_is_not_written_when_the_channel_it_was_checked_for_changes_meanwhile(account, monkeypatch):
    campaign = a_campaign(account, everyone=True)
    template = create_template(asking(account.id), name="hi", body="Hi", channel="sms")
    text_for = variants.text_for_campaign

    def change_the_channel_after_the_check(*args, **given):
        text = text_for(*args, **given)
        edit_campaign(asking(), campaign.id, {"channel": "whatsapp"})
        return text

    monkeypatch.setattr(variants, "text_for_campaign", change_the_channel_after_the_check)
    with pytest.raises(InvalidStatus, match="changed at the same time"):
        edit_campaign(asking(), campaign.id, {"template_id": template.id, "expires_at": LATER})
    found = read_campaign(asking(), campaign.id)
    assert (found.channel, found.template_id, found.expires_at) == ("whatsapp", None, None)
