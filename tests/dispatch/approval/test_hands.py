"""Whoever approves had no hand in what is sent, before or after, under whatever name."""

import pytest

from dispatch.accounts.keys import issue_key, revoke_key
from dispatch.audience.filter import read_filter
from dispatch.audience.segments import create_segment, edit_segment
from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import pause_campaign, resume_campaign, schedule_campaign, unschedule_campaign
from dispatch.campaigns.writing import create_campaign, duplicate_campaign
from dispatch.customers.customers import create_customer, edit_customer
from dispatch.customers.imports import import_customers
from dispatch.customers.list_members import add_members, remove_members
from dispatch.customers.lists import rename_list
from dispatch.errors import ApprovalRequired
from dispatch.start.enqueue import enqueue_campaign
from dispatch.texts.stored import create_template, delete_template, edit_template
from tests.dispatch.approval.approving import LATER, approve, swept, written
from tests.factories import a_list, a_segment, asking, customers

pytestmark = pytest.mark.usefixtures("redis")

ATHENS = {"logic": "AND", "conditions": [{"field": "location", "operator": "eq", "value": "Athens"}]}
ANYWHERE = {"logic": "AND", "conditions": [{"field": "location", "operator": "neq", "value": "Nowhere"}]}


def test_whoever_approved_it_and_then_scheduled_it_does_not_start_it_through_the_sweep(account, writer, second, third):
    campaign = written(writer, list_id=a_list(account, 3))
    approve(second, campaign)
    schedule_campaign(second, campaign.id, LATER)
    waiting = swept(campaign)
    assert (waiting.status, waiting.blocked_reason) == ("scheduled", "APPROVAL_REQUIRED")
    approve(third, campaign)
    assert swept(campaign).status == "sending"


LATER_ACTS = {
    "schedules it": lambda caller, campaign: schedule_campaign(caller, campaign.id, LATER),
    "gives it a time": lambda caller, campaign: edit_campaign(caller, campaign.id, {"scheduled_at": LATER}),
    "renames it": lambda caller, campaign: edit_campaign(caller, campaign.id, {"name": "Other"}),
    "resumes it": lambda caller, campaign: (
        schedule_campaign(asking(), campaign.id, LATER),
        pause_campaign(caller, campaign.id),
        resume_campaign(caller, campaign.id),
    ),
}


@pytest.mark.parametrize("act", LATER_ACTS.values(), ids=LATER_ACTS)
def test_an_approval_ends_when_its_approver(account, writer, second, third, act):
    campaign = written(writer, list_id=a_list(account, 3))
    approve(second, campaign)
    act(second, campaign)
    with pytest.raises(ApprovalRequired, match="by someone who has not"):
        enqueue_campaign(writer, campaign.id)
    with pytest.raises(ApprovalRequired, match="someone else has to approve it"):
        approve(second, campaign)
    approve(third, campaign)
    assert enqueue_campaign(writer, campaign.id).status == "sending"


HARMLESS = {
    "pauses it": lambda caller, campaign: (pause_campaign(caller, campaign.id), resume_campaign(asking(), campaign.id)),
    "unschedules it": lambda caller, campaign: unschedule_campaign(caller, campaign.id),
    "renames its list": lambda caller, campaign: rename_list(caller, 1, name="Other"),
}


@pytest.mark.parametrize("act", HARMLESS.values(), ids=HARMLESS)
def test_an_approval_stands_when_its_approver(account, writer, second, act):
    campaign = written(writer, list_id=a_list(account, 3), scheduled_at=LATER)
    approve(second, campaign)
    act(second, campaign)
    assert enqueue_campaign(writer, campaign.id).status == "sending"


def _list(account, caller):
    list_id = a_list(account, 3)
    add_members(caller, list_id, customers(account, 1))
    return {"list_id": list_id}


def _shortened_list(account, caller):
    people = customers(account, 4)
    list_id = a_list(account, 3)
    add_members(asking(account.id), list_id, people)
    remove_members(caller, list_id, people[:1])
    return {"list_id": list_id}


def _imported_list(account, caller):
    lines = ["phone\n", *(f"+3069000000{place}\n" for place in range(10, 13))]
    return {"list_id": import_customers(caller, lines, list_name="Imported").list_id}


def _segment(account, caller):
    customers(account, 3)
    return {"segment_id": create_segment(caller, name="Athens", filter=read_filter(ATHENS)).id}


def _changed_segment(account, caller):
    customers(account, 3)
    segment_id = a_segment(account, "location", "eq", "Nowhere")
    edit_segment(caller, segment_id, filter=read_filter(ATHENS))
    return {"segment_id": segment_id}


def _template(account, caller):
    template = create_template(caller, name="Text", body="Hi")
    return {"list_id": a_list(account, 3), "template_id": template.id}


def _deleted_template(account, caller):
    made = _template(account, caller)
    return made | {"then": lambda: delete_template(caller, made["template_id"])}


def _changed_template(account, caller):
    template = create_template(asking(account.id), name="Text", body="Hi")
    edit_template(caller, template.id, body="Hello")
    return {"list_id": a_list(account, 3), "template_id": template.id}


MADE_OF = {
    "a list that they added to": _list,
    "a list that they took people from": _shortened_list,
    "a list that they imported": _imported_list,
    "a segment that they made": _segment,
    "a segment that they changed": _changed_segment,
    "a text that they stored": _template,
    "a stored text that they changed": _changed_template,
    "a stored text that they made and have deleted": _deleted_template,
}


@pytest.mark.parametrize("make", MADE_OF.values(), ids=MADE_OF)
def test_no_one_approves_a_campaign_with(account, writer, second, third, make):
    made = make(account, second)
    then = made.pop("then", lambda: None)
    template = {"template": ""} if "template_id" in made else {"template": "Hi"}
    campaign = create_campaign(writer, CampaignDraft(name="Sale", channel="sms", **template, **made))
    then()
    with pytest.raises(ApprovalRequired, match="someone else has to approve it"):
        approve(second, campaign)
    approve(third, campaign)
    assert enqueue_campaign(writer, campaign.id).status == "sending"


def test_nor_a_copy_of_what_they_wrote(account, writer, second, third):
    original = written(second, list_id=a_list(account, 3))
    copy = duplicate_campaign(writer, duplicate_campaign(writer, original.id).id)
    with pytest.raises(ApprovalRequired, match="someone else"):
        approve(second, copy)
    assert approve(third, copy).approved_by == "third"


def test_nor_an_audience_that_they_widened_by_customers_written_since(account, writer, second, third):
    customers(account, 3)
    campaign = written(writer, everyone=True)
    for place in range(3):
        create_customer(second, phone=f"+30691000000{place}")
    with pytest.raises(ApprovalRequired, match="someone else"):
        approve(second, campaign)
    assert approve(third, campaign).approved_by == "third"


def test_a_few_customers_that_the_approver_wrote_do_not_count(account, writer, second):
    customers(account, 3)
    campaign = written(writer, everyone=True)
    made = create_customer(second, phone="+306910000001")
    edit_customer(second, made.id, first_name="Maria")
    approve(second, campaign)
    assert enqueue_campaign(writer, campaign.id).status == "sending"


def test_nor_an_audience_that_they_have_imported_since(account, writer, second):
    customers(account, 3)
    for campaign in (
        written(writer, everyone=True),
        written(writer, segment_id=a_segment(account, "location", "is_not_null")),
    ):
        import_customers(second, ["phone\n", "+306910000001\n"], list_name="Other")
        with pytest.raises(ApprovalRequired, match="someone else"):
            approve(second, campaign)


def test_an_import_into_another_list_changes_no_list(account, writer, second):
    campaign = written(writer, list_id=a_list(account, 3))
    import_customers(second, ["phone\n", "+306910000001\n"], list_name="Other")
    approve(second, campaign)
    assert enqueue_campaign(writer, campaign.id).status == "sending"


def test_two_keys_of_one_person_are_no_second_person(account):
    first = issue_key(asking(account.id))
    writer = asking(account.id, actor=f"key:{first.id}")
    own = asking(account.id, actor=f"key:{issue_key(writer, scopes=('read', 'approve')).id}")
    colleague = asking(account.id, actor=f"key:{issue_key(asking(account.id), scopes=('approve',)).id}")
    campaign = written(writer, list_id=a_list(account, 3))
    with pytest.raises(ApprovalRequired, match="someone else has to approve it"):
        approve(own, campaign)
    approve(colleague, campaign)
    with pytest.raises(ApprovalRequired, match="You approved this campaign"):
        enqueue_campaign(asking(account.id, actor=f"key:{issue_key(colleague, scopes=('read',)).id}"), campaign.id)
    assert enqueue_campaign(writer, campaign.id).status == "sending"


def test_revoking_a_key_neither_makes_its_person_another_one_nor_ends_what_they_approved(account):
    writing, approving = issue_key(asking(account.id)), issue_key(asking(account.id), scopes=("read", "approve"))
    writer, approver = (asking(account.id, actor=f"key:{key.id}") for key in (writing, approving))
    own = asking(account.id, actor=f"key:{issue_key(writer, scopes=('approve',)).id}")
    campaign = written(writer, list_id=a_list(account, 3))
    revoke_key(asking(account.id), writing.id)
    with pytest.raises(ApprovalRequired):
        approve(own, campaign)
    approve(approver, campaign)
    revoke_key(asking(account.id), approving.id)
    assert swept(campaign).status == "sending"
