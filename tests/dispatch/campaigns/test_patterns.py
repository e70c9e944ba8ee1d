"""A campaign is made recurring by a schedule and follows it, and so do its occurrences."""

import pytest

from dispatch.campaigns.approval import approve_campaign
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import pause_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.writing import delete_campaign
from dispatch.errors import Forbidden, InvalidRequest, InvalidStatus
from dispatch.schedules.schedules import edit_schedule, run_schedule_now
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import send_to_rest
from dispatch.start.occurrences import register_occurrences
from models.database import rows
from scheduling.registry import known_types
from tests.clock import DAY, NINE, set_clock, tick_at
from tests.factories import a_campaign, an_account, asking, customers
from tests.racing import race
from tests.recurring import a_pattern, deliver_all, occurrences_of, schedule_of, scheduled
from tests.sending import start_and_deliver
from tests.stored import stored_rows

pytestmark = pytest.mark.usefixtures("monday", "redis")


@pytest.fixture
def account(db):
    return an_account()


def test_a_pattern_is_neither_started_nor_deleted(account):
    customers(account, 1)
    pattern = a_pattern(account)
    before = stored_rows()
    with pytest.raises(InvalidStatus, match="run-now"):
        enqueue_campaign(asking(), pattern.id)
    with pytest.raises(InvalidStatus, match="recurring cannot be deleted"):
        delete_campaign(asking(), pattern.id)
    assert stored_rows() == before


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ({}, 'like {"campaign_id": 5}'),
        ({"campaign_id": "5"}, 'like {"campaign_id": 5}'),
        ({"campaign_id": True}, 'like {"campaign_id": 5}'),
        ({"campaign_id": 1, "more": 1}, 'like {"campaign_id": 5}'),
        ({"campaign_id": 99}, "there is no campaign 99"),
        ({"campaign_id": 2**70}, "there is no campaign"),
    ],
)
def test_a_payload_that_names_no_campaign_is_refused(account, payload, says):
    campaign = a_campaign(account, everyone=True)
    with pytest.raises(InvalidRequest, match="job_payload: ") as refused:
        scheduled(campaign, job_payload=payload)
    assert says in refused.value.message
    assert read_campaign(asking(), campaign.id).status == "draft"


def test_a_campaign_that_cannot_recur_is_refused_with_the_reason(account):
    customers(account, 1)
    other = an_account()
    sent = start_and_deliver(a_campaign(account, everyone=True))
    retry = send_to_rest_of(account, sent)
    for campaign, says in (
        (a_campaign(account, everyone=True, template=""), "has no text yet"),
        (a_campaign(account), "has no audience yet"),
        (a_campaign(account, everyone=True, due=True), "is scheduled; only a draft"),
        (sent, "is completed; only a draft"),
        (retry, "is a child of another one"),
        (a_pattern(account), "is recurring; only a draft"),
        (a_campaign(other, everyone=True).model_copy(update={"account_id": account.id}), "there is no campaign"),
    ):
        with pytest.raises(InvalidRequest, match=says):
            scheduled(campaign)


def send_to_rest_of(account, sent):
    customers(account, 1)
    return read_campaign(asking(), send_to_rest(asking(), sent.id).campaign_id)


def test_of_two_schedules_created_at_once_one_gets_the_campaign(account):
    campaign = a_campaign(account, everyone=True)
    outcomes = race(*[lambda: scheduled(campaign).status] * 2)
    assert sorted(outcomes) == ["INVALID_REQUEST", "active"]
    assert len(rows("SELECT 1 FROM schedule")) == 1


def test_a_schedule_keeps_its_campaign(account):
    pattern, other = a_pattern(account), a_campaign(account, everyone=True)
    with pytest.raises(InvalidRequest, match="create another one"):
        edit_schedule(asking(), schedule_of(pattern.id)["id"], {"job_payload": {"campaign_id": other.id}})
    assert read_campaign(asking(), other.id).status == "draft"


def test_the_type_is_registered_once_however_often_a_process_asks_for_it():
    register_occurrences()
    registered = known_types()
    register_occurrences()
    assert known_types() == registered


@pytest.fixture
def pattern(account):
    """A recurring campaign whose first occurrence is sending."""
    customers(account, 2)
    made = a_pattern(account)
    tick_at(NINE)
    return made


def test_a_change_counts_for_the_next_occurrences_and_takes_the_approval_away(pattern):
    approve_campaign(asking(actor="second"), pattern.id, revision=1)
    edited = edit_campaign(asking(), pattern.id, {"template": "New {first_name}", "name": "Renamed"})
    assert (edited.status, edited.revision, edited.approved_by) == ("recurring", 2, None)
    deliver_all(pattern.id)
    tick_at(NINE + DAY)
    first, second = occurrences_of(pattern.id)
    assert (first.base_template, second.base_template) == ("Hello {first_name}", "New {first_name}")
    assert second.name.startswith("Renamed (")


def test_a_paused_one_can_be_corrected(pattern):
    pause_campaign(asking(), pattern.id)
    assert edit_campaign(asking(), pattern.id, {"template": "New"}).status == "paused"


def test_changing_it_takes_the_scope_to_send_and_it_gets_no_time_of_its_own(pattern):
    writer = asking(pattern.account_id)
    with pytest.raises(InvalidStatus, match="has the times of its schedule"):
        edit_campaign(writer, pattern.id, {"scheduled_at": NINE + DAY})
    with pytest.raises(InvalidStatus, match="has the times of its schedule"):
        edit_campaign(writer, pattern.id, {"scheduled_at": None})
    may_not_send = type(writer)(writer.actor, writer.account, frozenset({"write"}), "test", None)
    with pytest.raises(Forbidden):
        edit_campaign(may_not_send, pattern.id, {"template": "New"})


def test_a_run_out_of_turn_starts_an_occurrence_now(pattern):
    deliver_all(pattern.id)
    set_clock(NINE + DAY / 2)
    run_schedule_now(asking(), schedule_of(pattern.id)["id"])
    assert tick_at(NINE + DAY / 2) == {"succeeded": 1}
    assert [each.occurrence_at for each in occurrences_of(pattern.id)] == [NINE, NINE + DAY / 2]
