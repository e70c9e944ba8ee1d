"""What was approved is what is sent: an addition, an edit or a race in between ends the approval."""

from itertools import count

import pytest

from dispatch.campaigns.approval import approve_campaign
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.writing import create_campaign
from dispatch.customers.imports import import_customers
from dispatch.customers.list_members import add_members, remove_members
from dispatch.errors import ApprovalRequired
from dispatch.start import enqueue, preparation
from dispatch.start.enqueue import enqueue_campaign
from dispatch.texts.stored import create_template, edit_template
from models.campaigns import approval
from models.database import row, rows
from tests.dispatch.approval.approving import approve, swept, written
from tests.dispatch.channels.arranging import a_provider, a_route
from tests.factories import a_list, a_segment, an_account, asking, customers
from tests.racing import race

pytestmark = pytest.mark.usefixtures("redis")
NAMES = count(1)


def test_whoever_is_added_to_the_list_was_not_approved(account, writer, second):
    list_id = a_list(account, 20)
    campaign = written(writer, list_id=list_id)
    approve(second, campaign)
    rows("DELETE FROM list_member WHERE list_id = %s", [list_id])
    add_members(writer, list_id, customers(account, 3))
    with pytest.raises(ApprovalRequired, match="customers who were added to a list"):
        enqueue_campaign(writer, campaign.id)
    approve(second, campaign)
    assert enqueue_campaign(writer, campaign.id).status == "sending"


def test_nor_is_whoever_an_import_adds(account, writer, second):
    list_id = a_list(account, 3)
    name = row("SELECT name FROM customer_list WHERE id = %s", [list_id])["name"]
    campaign = written(writer, list_id=list_id)
    approve(second, campaign)
    import_customers(writer, ["phone\n", "+306910000001\n"], list_name=name)
    assert swept(campaign).blocked_reason == "APPROVAL_REQUIRED"


def test_those_who_leave_a_list_or_are_added_again_while_on_it_change_nothing(account, writer, second):
    people = customers(account, 5)
    list_id = a_list(account, 1)
    add_members(writer, list_id, people)
    campaign = written(writer, list_id=list_id)
    approve(second, campaign)
    remove_members(writer, list_id, people[:1])
    add_members(writer, list_id, people[1:])
    assert enqueue_campaign(writer, campaign.id).status == "sending"


CHANGES = {
    "its sender": "UPDATE account SET sender = 'Other'",
    "its channel": "UPDATE campaign SET channel = 'whatsapp'",
    "its text": "UPDATE campaign SET template = 'Other'",
    "its links": "UPDATE campaign SET track_links = true",
    "its hours": "UPDATE campaign SET send_window = 'mon-sun 00:00-23:59'",
    "its segment": "UPDATE segment SET filter = jsonb_set(filter, '{logic}', '\"or\"')",
    "the kinds of numbers that get texts": "UPDATE account SET text_to = ARRAY['fixed']",
    "the host of its links": "UPDATE account SET link_url = 'https://go.example.com'",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_approval_does_not_cover_another_value_of(account, writer, second, change):
    customers(account, 3)
    campaign = written(writer, segment_id=a_segment(account, "location", "eq", "Athens"))
    approve(second, campaign)
    rows(change)
    with pytest.raises(ApprovalRequired):
        enqueue_campaign(writer, campaign.id)
    approve(second, campaign)
    assert enqueue_campaign(writer, campaign.id).status == "sending"


TWILIO = {"account_sid": "AC" + "0" * 32, "auth_token": "t0ken", "from": "+15005550006"}
ROUTES = {
    "no provider": (),
    "another sender": ({**TWILIO, "from": "+15005550007"},),
    "one more": (TWILIO, {**TWILIO, "from": "Acme"}),
    "another account of the provider": ({**TWILIO, "account_sid": "AC" + "1" * 32},),
}
SAME_ROUTES = {
    "another credential": ({**TWILIO, "auth_token": "new"},),
    "another rate": ({**TWILIO, "rate": 5},),
    "the same twice": (TWILIO, {**TWILIO, "auth_token": "new"}),
}


def routed(account, *settings):
    names = [a_provider(account, name=f"p{next(NAMES)}", kind="twilio", **each).name for each in settings]
    a_route(account, *names)


@pytest.mark.parametrize("providers", ROUTES.values(), ids=ROUTES)
def test_an_approval_does_not_cover_a_route_with(account, writer, second, providers):
    routed(account, TWILIO)
    campaign = written(writer, customer_ids=customers(account, 3))
    approve(second, campaign)
    routed(account, *providers)
    with pytest.raises(ApprovalRequired, match="route"):
        enqueue_campaign(writer, campaign.id)
    approve(second, campaign)
    assert enqueue_campaign(writer, campaign.id).status == "sending"


def test_an_approval_does_not_cover_a_first_route(account, writer, second):
    campaign = written(writer, customer_ids=customers(account, 3))
    approve(second, campaign)
    routed(account, TWILIO)
    assert swept(campaign).blocked_reason == "APPROVAL_REQUIRED"


@pytest.mark.parametrize("providers", SAME_ROUTES.values(), ids=SAME_ROUTES)
def test_an_approval_covers_a_route_with(account, writer, second, providers):
    routed(account, TWILIO)
    campaign = written(writer, customer_ids=customers(account, 3))
    approve(second, campaign)
    routed(account, *providers)
    assert enqueue_campaign(writer, campaign.id).status == "sending"


def test_the_route_of_another_channel_or_account_is_no_part_of_it(account, writer, second):
    campaign = written(writer, customer_ids=customers(account, 3))
    approve(second, campaign)
    other = an_account()
    a_route(other, a_provider(other, name="p", kind="twilio", **TWILIO).name)
    a_route(account, a_provider(account, name="p", kind="twilio", **TWILIO).name, channel="whatsapp")
    assert enqueue_campaign(writer, campaign.id).status == "sending"


def test_a_new_version_of_a_stored_text_changes_nothing_of_the_campaigns_that_copied_it(account, writer, second):
    template = create_template(writer, name="Text", body="Hi")
    campaign = create_campaign(
        writer,
        CampaignDraft(name="Sale", template="", template_id=template.id, channel="sms", list_id=a_list(account, 3)),
    )
    approve(second, campaign)
    edit_template(writer, template.id, body="Worse")
    enqueue_campaign(writer, campaign.id)
    assert row("SELECT DISTINCT body FROM message") == {"body": "Hi"}


def test_who_joins_the_list_while_it_is_prepared_keeps_it_from_being_sent(account, writer, second, monkeypatch):
    list_id = a_list(account, 3)
    campaign = written(writer, list_id=list_id)
    approve(second, campaign)
    prepare = preparation.prepare

    def add_and_prepare(*arguments, **options):
        add_members(writer, list_id, customers(account, 1))
        return prepare(*arguments, **options)

    monkeypatch.setattr(enqueue.preparation, "prepare", add_and_prepare)
    with pytest.raises(ApprovalRequired, match="added to a list"):
        enqueue_campaign(writer, campaign.id)
    found = row("SELECT status, blocked_reason, held FROM campaign")
    assert found == {"status": "draft", "blocked_reason": "APPROVAL_REQUIRED", "held": 0}
    assert rows("SELECT 1 FROM message") == []


def test_an_addition_that_races_the_start_is_approved_or_not_sent(account, writer, second):
    for _ in range(10):
        list_id = a_list(account, 3)
        campaign = written(writer, list_id=list_id)
        approve(second, campaign)
        added = customers(account, 1)
        race(
            lambda list_id=list_id, added=added: add_members(writer, list_id, added),
            lambda campaign=campaign: enqueue_campaign(writer, campaign.id),
        )
        assert rows("SELECT 1 FROM message WHERE campaign_id = %s AND customer_id = %s", [campaign.id, added[0]]) == []


def test_an_edit_that_races_the_approval_is_not_approved(account, writer, second):
    for _ in range(10):
        campaign = written(writer, list_id=a_list(account, 3))
        race(
            lambda campaign=campaign: edit_campaign(writer, campaign.id, {"template": "Worse"}),
            lambda campaign=campaign: approve_campaign(second, campaign.id, revision=campaign.revision),
        )
        with pytest.raises(ApprovalRequired):
            enqueue_campaign(writer, campaign.id)


LISTED = """UPDATE segment SET filter = jsonb_build_object('logic', 'AND', 'conditions', jsonb_build_array(
    filter, jsonb_build_object('field', 'list', 'operator', 'not_in_list', 'value', jsonb_build_array(%s::bigint))))"""


@pytest.mark.parametrize("change", [add_members, remove_members])
def test_a_list_that_a_segments_filter_names_counts_as_one_of_the_campaign(account, writer, second, change):
    people = customers(account, 4)
    named = a_list(account, 1)
    add_members(asking(account.id), named, people[:1])
    campaign = written(writer, segment_id=a_segment(account, "location", "eq", "Athens"))
    rows(LISTED, [named])
    state = row(f"SELECT {approval.STATE} AS now FROM campaign")
    change(second, named, people[:1] if change is remove_members else people[1:2])
    assert row(f"SELECT {approval.STATE} AS now FROM campaign") != state
    assert approval.has_written(campaign.id, "second")
    assert not approval.has_written(campaign.id, "third")
