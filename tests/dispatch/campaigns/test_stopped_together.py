"""A recurring campaign, its schedule and its occurrences are paused, resumed and ended together, by either door."""

import pytest

from dispatch.accounts.credits import top_up
from dispatch.audit import audit
from dispatch.campaigns.lifecycle import (
    cancel_campaign,
    pause_campaign,
    resume_campaign,
    schedule_campaign,
    unschedule_campaign,
)
from dispatch.campaigns.patterns import JOB_TYPE, check, follow
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.writing import delete_campaign
from dispatch.errors import InvalidStatus
from dispatch.recovery import recover
from dispatch.schedules.schedules import (
    cancel_schedule,
    delete_schedule,
    edit_schedule,
    pause_schedule,
    resume_schedule,
)
from dispatch.start.occurrences import execute
from dispatch.start.sweep import sweep_due
from models.database import row, rows
from models.tenancy import ALL_ACCOUNTS
from scheduling import registry
from scheduling.registry import register
from scheduling.tick import MAX_ATTEMPTS, MAX_FAILED_RUNS
from tests.clock import DAY, NINE, set_clock, tick_at
from tests.factories import an_account, asking, customers
from tests.recurring import a_pattern, deliver_all, occurrences_of, schedule_of, scheduled
from tests.stored import states, stored_rows

pytestmark = pytest.mark.usefixtures("monday", "redis")


@pytest.fixture
def account(db):
    return an_account()


@pytest.fixture
def pattern(account):
    """A recurring campaign whose first occurrence is sending."""
    customers(account, 2)
    made = a_pattern(account)
    tick_at(NINE)
    return made


def by_campaign(act):
    return lambda campaign: act(asking(), campaign.id)


def by_schedule(act):
    return lambda campaign: act(asking(), schedule_of(campaign.id)["id"])


PAUSES = pytest.mark.parametrize("pause", [by_campaign(pause_campaign), by_schedule(pause_schedule)])


def found(pattern):
    """The state of the pattern, of its schedule and of its occurrences."""
    made = [each.status for each in occurrences_of(pattern.id)]
    return read_campaign(asking(), pattern.id).status, schedule_of(pattern.id)["status"], made


@PAUSES
@pytest.mark.parametrize("resume", [by_campaign(resume_campaign), by_schedule(resume_schedule)])
def test_a_pause_stops_all_of_it_until_it_is_resumed(pattern, pause, resume):
    pause(pattern)
    assert found(pattern) == ("paused", "paused", ["paused"])
    assert tick_at(NINE + DAY) == {}
    set_clock(NINE + DAY)
    resume(pattern)
    assert found(pattern) == ("recurring", "active", ["sending"])
    deliver_all(pattern.id)
    assert tick_at(NINE + 2 * DAY) == {"succeeded": 1}
    assert found(pattern) == ("recurring", "active", ["completed", "sending"])
    assert audit(ALL_ACCOUNTS) == []


@pytest.mark.parametrize("cancel", [by_campaign(cancel_campaign), by_schedule(cancel_schedule)])
@pytest.mark.parametrize("paused", [False, True])
def test_a_cancellation_ends_all_of_it(pattern, cancel, paused):
    if paused:
        pause_campaign(asking(), pattern.id)
    cancel(pattern)
    assert found(pattern) == ("cancelled", "cancelled", ["cancelled"])
    recover()
    [made] = occurrences_of(pattern.id)
    assert (states(made.id), made.credits.released) == ({"cancelled": 2}, 2)
    assert tick_at(NINE + DAY) == {}
    assert audit(ALL_ACCOUNTS) == []


@PAUSES
def test_an_occurrence_that_was_paused_by_hand_stays_paused(pattern, pause):
    [made] = occurrences_of(pattern.id)
    pause_campaign(asking(), made.id, reason="wrong price")
    pause(pattern)
    resume_campaign(asking(), pattern.id)
    assert found(pattern) == ("recurring", "active", ["paused"])


@PAUSES
def test_an_occurrence_that_has_not_started_is_paused_too(db, pause):
    poor = an_account(credits=0)
    customers(poor, 1)
    pattern = a_pattern(poor)
    tick_at(NINE)
    pause(pattern)
    top_up(asking(poor.id), 10)
    assert sweep_due(asking()).processed_count == 0
    resume_campaign(asking(), pattern.id)
    assert len(sweep_due(asking()).campaigns) == 1


def test_a_pause_keeps_its_reason(pattern):
    assert pause_campaign(asking(), pattern.id, reason="wrong price").reason == "wrong price"
    assert resume_campaign(asking(), pattern.id).reason is None


def test_what_is_not_possible_is_refused_and_nothing_changes(pattern):
    def all_refused(*acts):
        before = stored_rows()
        for act in acts:
            with pytest.raises(InvalidStatus):
                act(pattern)
        assert stored_rows() == before

    all_refused(by_campaign(resume_campaign), lambda each: schedule_campaign(asking(), each.id, NINE + DAY))
    pause_campaign(asking(), pattern.id)
    all_refused(by_campaign(pause_campaign), by_campaign(delete_campaign))
    cancel_campaign(asking(), pattern.id)
    all_refused(*map(by_campaign, (pause_campaign, resume_campaign, cancel_campaign, unschedule_campaign)))


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("act", [by_campaign(unschedule_campaign), by_schedule(delete_schedule)])
def test_without_its_schedule_it_is_a_draft_again_and_what_has_started_goes_on(pattern, act, paused):
    if paused:
        pause_campaign(asking(), pattern.id)
        resume_campaign(asking(), occurrences_of(pattern.id)[0].id)
    act(pattern)
    draft = read_campaign(asking(), pattern.id)
    assert (draft.status, draft.reason) == ("draft", None)
    assert [each.status for each in occurrences_of(pattern.id)] == ["sending"]
    assert rows("SELECT 1 FROM schedule WHERE status = 'active'") == []
    assert tick_at(NINE + DAY) == {}
    deliver_all(pattern.id)
    scheduled(draft)
    assert found(pattern) == ("recurring", "active", ["completed"])
    assert audit(ALL_ACCOUNTS) == []


@pytest.mark.parametrize("act", [by_campaign(unschedule_campaign), by_schedule(delete_schedule)])
@pytest.mark.parametrize("paused", [False, True])
def test_an_occurrence_that_has_not_started_never_will(db, act, paused):
    poor = an_account(credits=0)
    customers(poor, 1)
    pattern = a_pattern(poor)
    tick_at(NINE)
    if paused:
        pause_campaign(asking(), pattern.id)
    act(pattern)
    [made] = occurrences_of(pattern.id)
    assert (made.status, made.reason) == ("cancelled", "the campaign is no longer recurring")
    assert audit(ALL_ACCOUNTS) == []


def test_a_draft_that_was_recurring_can_be_deleted_and_its_occurrences_stay(pattern):
    unschedule_campaign(asking(), pattern.id)
    delete_campaign(asking(), pattern.id)
    assert rows("SELECT status, parent_id FROM campaign") == [{"status": "sending", "parent_id": None}]


def test_one_that_has_ended_stays_as_it_is_when_its_schedule_is_deleted(account):
    customers(account, 1)
    pattern = a_pattern(account, schedule={"max_runs": 1})
    tick_at(NINE)
    delete_schedule(asking(), schedule_of(pattern.id)["id"])
    ended = read_campaign(asking(), pattern.id)
    assert (ended.status, ended.schedule) == ("completed", None)
    assert audit(ALL_ACCOUNTS) == []


def test_a_run_that_waits_does_not_keep_it_from_being_unscheduled(pattern):
    edit_schedule(asking(), schedule_of(pattern.id)["id"], {"misfire": "run_once"})
    assert tick_at(NINE + DAY) == {"put_back": 1}
    unschedule_campaign(asking(), pattern.id)
    assert row("SELECT status FROM schedule_run ORDER BY run_at DESC LIMIT 1") == {"status": "cancelled"}
    assert tick_at(NINE + DAY * 2) == {}


@pytest.fixture
def cursed(db):
    """No campaign can be written until the test ends."""
    rows("CREATE FUNCTION curse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'cursed'; END $$")
    rows("CREATE TRIGGER curse BEFORE INSERT ON campaign FOR EACH ROW EXECUTE FUNCTION curse()")
    yield
    rows("DROP FUNCTION IF EXISTS curse CASCADE")


def test_a_schedule_that_fails_pauses_the_campaign_for_its_reason_and_leaves_the_occurrences(pattern, cursed):
    deliver_all(pattern.id)
    for day in range(1, MAX_FAILED_RUNS + 1):
        for _ in range(MAX_ATTEMPTS):
            tick_at(NINE + day * DAY)
            rows("UPDATE schedule_run SET due_at = now() WHERE status = 'pending'")
    assert found(pattern) == ("paused", "failed", ["completed"])
    assert "cursed" in read_campaign(asking(), pattern.id).reason
    rows("DROP FUNCTION curse CASCADE")
    resume_campaign(asking(), pattern.id)
    assert tick_at(NINE + 5 * DAY) == {"succeeded": 1}
    assert found(pattern) == ("recurring", "active", ["completed", "sending"])


def test_the_last_run_may_end_while_it_is_paused(account, monkeypatch):
    def paused_meanwhile(job):
        execute(job)
        pause_campaign(asking(), job.payload["campaign_id"])

    monkeypatch.setattr(registry, "_registered", {})
    register(JOB_TYPE, paused_meanwhile, check=check, follow=follow)
    customers(account, 1)
    pattern = a_pattern(account, schedule={"max_runs": 1})
    assert tick_at(NINE) == {"succeeded": 1}
    assert found(pattern) == ("completed", "completed", ["paused"])
    assert audit(ALL_ACCOUNTS) == []
