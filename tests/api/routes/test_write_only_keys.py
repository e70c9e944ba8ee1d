"""A key that may write and not send changes nothing of whom a campaign goes to that starts by itself."""

import json

import pytest

from api.http.errors import STATUS
from dispatch.accounts.keys import issue_key
from dispatch.audience.segments import edit_segment
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import pause_campaign, schedule_campaign, unschedule_campaign
from models.database import row, rows
from tests.dispatch.approval.approving import LATER
from tests.factories import a_campaign, a_list, a_segment, an_account, asking, customers
from tests.racing import race
from tests.recurring import a_pattern

WRITER = ("read", "write")
ATHENS = {"logic": "and", "conditions": [{"field": "location", "operator": "eq", "value": "Athens"}]}
EVERYWHERE = {"logic": "and", "conditions": [{"field": "location", "operator": "neq", "value": "Nowhere"}]}


@pytest.fixture
def account(db, redis):
    return an_account()


@pytest.fixture
def write(as_account, account):
    return as_account(account, scopes=WRITER)


def refused(answer, says):
    assert (answer.status_code, answer.json["error"]["code"]) == (STATUS["FORBIDDEN"], "FORBIDDEN"), answer.json
    assert says in answer.json["error"]["message"]
    assert "scope send" in answer.json["error"]["message"]


def added(call, list_id, people):
    return call("POST", f"/api/lists/{list_id}/members", json={"customer_ids": people})


def imported(call, name):
    return call("POST", f"/api/imports?list={name}", data="phone\n+306910000001\n", content_type="text/csv")


@pytest.mark.parametrize("paused", [False, True])
def test_it_adds_no_one_to_the_list_of_a_scheduled_campaign(as_account, account, write, paused):
    list_id = a_list(account, 3, name="Buyers")
    campaign = a_campaign(account, list_id=list_id, scheduled_at=LATER)
    if paused:
        pause_campaign(asking(), campaign.id)
    people = customers(account, 1)
    refused(added(write, list_id, people), f"Campaign {campaign.id} is scheduled, and this list decides")
    refused(imported(write, "buyers"), f"Campaign {campaign.id} is scheduled, and this list decides")
    assert rows("SELECT 1 FROM list_member WHERE customer_id = %s", people) == []
    assert rows("SELECT 1 FROM customer_import") == []
    assert added(as_account(account, scopes=(*WRITER, "send")), list_id, people).status_code == 200


def test_it_adds_to_other_lists_and_to_that_of_a_draft_or_a_recurring_campaign(account, write):
    people = customers(account, 1)
    scheduled, drafted, recurring = (a_list(account, 1) for _ in range(3))
    a_campaign(account, list_id=scheduled, scheduled_at=LATER)
    unschedule_campaign(asking(), a_campaign(account, list_id=drafted, scheduled_at=LATER).id)
    a_pattern(account, list_id=recurring)
    for list_id in (drafted, recurring, a_list(account, 1)):
        assert added(write, list_id, people).status_code == 200
    assert imported(write, "new").status_code == 202


def test_it_takes_anyone_off_a_list_but_one_that_a_scheduled_campaign_leaves_out(as_account, account, write):
    everyone, bought = a_list(account, 3), a_list(account, 3)
    parts = {"include": {"lists": [everyone]}, "exclude": {"lists": [bought]}}
    body = {"name": "Sale", "base_template": "Hi", "combined": parts, "scheduled_at": LATER.isoformat()}
    full = as_account(account)
    made = full("POST", "/api/campaigns", json=body)
    assert made.status_code == 201, made.json
    for list_id, allowed in ((everyone, True), (bought, False)):
        members = [each["id"] for each in full("GET", f"/api/lists/{list_id}/members").json["data"]][:1]
        answer = write("POST", f"/api/lists/{list_id}/members/remove", json={"customer_ids": members})
        if allowed:
            assert answer.status_code == 200, answer.json
        else:
            refused(answer, f"Campaign {made.json['id']} is scheduled, and this list")
    refused(added(write, everyone, customers(account, 1)), "is scheduled, and this list decides")
    assert added(write, bought, customers(account, 1)).status_code == 200


def removed(call, list_id, people):
    return call("POST", f"/api/lists/{list_id}/members/remove", json={"customer_ids": people})


def looking_at(list_id, operator):
    """Returns a filter that asks for the list deep within."""
    asked = {"field": "list", "operator": operator, "value": [list_id]}
    inner = {"logic": "or", "conditions": [asked, {"field": "location", "operator": "eq", "value": "Athens"}]}
    return {"logic": "and", "conditions": [inner]}


@pytest.mark.parametrize("operator", ["in_list", "not_in_list"])
@pytest.mark.parametrize("place", ["its segment", "a part", "a part that is left out"])
@pytest.mark.parametrize("paused", [False, True])
def test_it_changes_no_list_that_is_only_named_in_the_filter_of_a_scheduled_campaign(
    as_account, account, write, operator, place, paused
):
    list_id = a_list(account, 2, name="Buyers")
    full = as_account(account)
    asked = {"name": "Look", "filter": looking_at(list_id, operator)}
    segment_id = full("POST", "/api/segments", json=asked).json["id"]
    audience = {
        "its segment": {"segment_id": segment_id},
        "a part": {"combined": {"include": {"segments": [segment_id]}}},
        "a part that is left out": {
            "combined": {"include": {"everyone": True}, "exclude": {"segments": [segment_id]}},
        },
    }[place]
    body = {"name": "Sale", "base_template": "Hi", "scheduled_at": LATER.isoformat(), **audience}
    made = full("POST", "/api/campaigns", json=body)
    assert made.status_code == 201, made.json
    if paused:
        pause_campaign(asking(), made.json["id"])
    member = full("GET", f"/api/lists/{list_id}/members").json["data"][0]["id"]
    says = f"Campaign {made.json['id']} is scheduled, and this list decides"
    refused(added(write, list_id, customers(account, 1)), says)
    refused(removed(write, list_id, [member]), says)
    refused(imported(write, "Buyers"), says)
    assert full("GET", f"/api/lists/{list_id}").json["customers"] == 2
    if not paused:
        unschedule_campaign(asking(), made.json["id"])
        assert removed(write, list_id, [member]).status_code == 200


def test_it_changes_no_list_that_the_filter_of_a_copy_names_whose_segment_is_gone(as_account, account, write):
    list_id = a_list(account, 2, name="Buyers")
    full = as_account(account)
    asked = {"name": "Look", "filter": looking_at(list_id, "in_list")}
    segment_id = full("POST", "/api/segments", json=asked).json["id"]
    sent = a_campaign(account, segment_id=segment_id)
    assert full("POST", f"/api/campaigns/{sent.id}/enqueue").status_code == 202
    copy = full("POST", f"/api/campaigns/{sent.id}/duplicate").json["id"]
    rows(
        "UPDATE campaign SET segment_id = NULL, segment_filter = %s::jsonb WHERE id = %s",
        [json.dumps(looking_at(list_id, "in_list")), copy],
    )
    schedule_campaign(asking(), copy, LATER)
    refused(added(write, list_id, customers(account, 1)), f"Campaign {copy} is scheduled")


@pytest.mark.parametrize("starts", ["scheduled", "recurring"])
def test_it_changes_no_filter_of_a_campaign_that_starts_by_itself(as_account, account, write, starts):
    segment_id = a_segment(account, "location", "eq", "Athens")
    campaign = (
        a_campaign(account, segment_id=segment_id, scheduled_at=LATER)
        if starts == "scheduled"
        else a_pattern(account, segment_id=segment_id)
    )
    path = f"/api/segments/{segment_id}"
    refused(write("PATCH", path, json={"filter": EVERYWHERE}), f"Campaign {campaign.id} starts by itself")
    assert write("PATCH", path, json={"name": "Other"}).status_code == 200
    assert write("PATCH", path, json={"filter": ATHENS}).status_code == 200, "it is the same one"
    assert as_account(account, scopes=(*WRITER, "send"))("PATCH", path, json={"filter": EVERYWHERE}).status_code == 200


def test_it_changes_the_filter_of_a_draft(account, write):
    segment_id = a_segment(account, "location", "eq", "Athens")
    a_campaign(account, segment_id=segment_id)
    assert write("PATCH", f"/api/segments/{segment_id}", json={"filter": EVERYWHERE}).status_code == 200
    assert write("PATCH", "/api/segments/99", json={"filter": EVERYWHERE}).status_code == 404


def test_of_an_edit_and_a_schedule_at_once_the_edit_comes_first_or_not_at_all(account):
    key = issue_key(asking(account.id), scopes=WRITER)
    writer = asking(account.id, actor=f"key:{key.id}")
    writer = type(writer)(writer.actor, writer.account, frozenset(WRITER), "test", None)
    for _ in range(20):
        campaign = a_campaign(account, recipients=1)
        edited, scheduled = race(
            lambda campaign=campaign: edit_campaign(writer, campaign.id, {"template": "Other"}),
            lambda campaign=campaign: schedule_campaign(asking(), campaign.id, LATER),
        )
        assert not isinstance(scheduled, str)
        events = rows(
            "SELECT action FROM audit_event WHERE subject = %s AND action <> 'campaign.created' ORDER BY id",
            [str(campaign.id)],
        )
        in_order = [event["action"] for event in events]
        first = [] if edited == "FORBIDDEN" else ["campaign.edited"]
        assert in_order == [*first, "campaign.scheduled"]
        found = row("SELECT template FROM campaign WHERE id = %s", [campaign.id])
        assert found == {"template": "Other" if first else "Hello {first_name}"}


def test_the_command_line_changes_them(account):
    segment_id = a_segment(account, "location", "eq", "Athens")
    a_campaign(account, segment_id=segment_id, scheduled_at=LATER)
    assert edit_segment(asking(), segment_id, name="Other").name == "Other"
