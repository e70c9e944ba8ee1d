"""Occurrences inherit the approval of their pattern, which whoever made it recurring cannot give."""

import pytest

from dispatch.accounts.accounts import change_account
from dispatch.campaigns.approval import approve_campaign
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.errors import ApprovalRequired
from dispatch.schedules.schedules import edit_schedule, run_schedule_now
from dispatch.start.sweep import sweep_due
from models.database import rows
from tests.clock import DAY, NINE, tick_at
from tests.factories import a_campaign, a_segment, an_account, asking, customers
from tests.recurring import a_pattern, occurrences_of, schedule_of, scheduled

pytestmark = pytest.mark.usefixtures("monday", "redis")


@pytest.fixture
def account(db):
    return an_account()


def above_two(account):
    change_account(asking(account.id), {"approval_above": 2})
    customers(account, 3)


def test_occurrences_inherit_the_approval_of_their_pattern(account):
    above_two(account)
    pattern = a_pattern(account)
    tick_at(NINE)
    [first] = occurrences_of(pattern.id)
    assert (first.status, first.blocked_reason) == ("scheduled", "APPROVAL_REQUIRED")
    approve_campaign(asking(account.id, actor="second"), pattern.id, revision=pattern.revision)
    tick_at(NINE + DAY)
    second = occurrences_of(pattern.id)[1]
    assert (second.status, second.approved_by) == ("sending", "second")


def test_whoever_approved_the_campaign_and_made_it_recurring_starts_nothing_by_that(account):
    above_two(account)
    campaign = a_campaign(account, everyone=True)
    approve_campaign(asking(account.id, actor="second"), campaign.id, revision=campaign.revision)
    scheduled(campaign, actor="second")
    tick_at(NINE)
    [made] = occurrences_of(campaign.id)
    assert (made.status, made.blocked_reason) == ("scheduled", "APPROVAL_REQUIRED")
    rows("UPDATE campaign SET next_check_at = NULL")
    sweep_due(asking())
    assert read_campaign(asking(), made.id).status == "scheduled", "nor does the sweep"


@pytest.mark.parametrize(
    "act",
    [
        lambda schedule_id: edit_schedule(asking(actor="second"), schedule_id, {"max_runs": 9}),
        lambda schedule_id: run_schedule_now(asking(actor="second"), schedule_id),
    ],
)
def test_whoever_changed_or_ran_the_schedule_cannot_approve_the_campaign(account, act):
    above_two(account)
    pattern = a_pattern(account)
    for actor in ("test", "second"):
        if actor == "second":
            act(schedule_of(pattern.id)["id"])
        with pytest.raises(ApprovalRequired, match="someone else has to approve it"):
            approve_campaign(asking(account.id, actor=actor), pattern.id, revision=pattern.revision)
    approve_campaign(asking(account.id, actor="third"), pattern.id, revision=pattern.revision)


def test_whoever_wrote_the_pattern_cannot_approve_an_occurrence(account):
    above_two(account)
    pattern = a_pattern(account)
    edit_campaign(asking(account.id, actor="writer"), pattern.id, {"template": "New"})
    edit_schedule(asking(account.id, actor="planner"), schedule_of(pattern.id)["id"], {"max_runs": 9})
    tick_at(NINE)
    [made] = occurrences_of(pattern.id)
    for actor in ("test", "writer", "planner"):
        with pytest.raises(ApprovalRequired, match="someone else has to approve it"):
            approve_campaign(asking(account.id, actor=actor), made.id, revision=made.revision)
    approve_campaign(asking(account.id, actor="second"), made.id, revision=made.revision)
    assert len(sweep_due(asking()).campaigns) == 1


def test_a_segment_that_is_changed_takes_the_approval_of_the_pattern_away(account):
    above_two(account)
    segment_id = a_segment(account, "location", "eq", "Athens")
    pattern = a_pattern(account, segment_id=segment_id)
    approve_campaign(asking(account.id, actor="second"), pattern.id, revision=pattern.revision)
    rows("UPDATE segment SET filter = jsonb_set(filter, '{logic}', '\"or\"')")
    assert read_campaign(asking(), pattern.id).approved_by is None
