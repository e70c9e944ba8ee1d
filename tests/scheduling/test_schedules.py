"""Schedules are created, changed and moved as asked, or refused with one sentence and nothing changed."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from models.database import rows
from scheduling.draft import ScheduleDraft
from scheduling.errors import InvalidSchedule, NoSuchSchedule, WrongState
from scheduling.lifecycle import cancel_schedule, pause_schedule, resume_schedule, run_now
from scheduling.registry import register
from scheduling.schedules import (
    create_schedule,
    delete_schedule,
    list_runs,
    list_schedules,
    next_times,
    read_schedule,
    update_schedule,
)
from scheduling.tick import tick
from tests.factories import an_account
from tests.scheduling.schedules import DAILY, a_draft, a_schedule, runs_of
from tests.stored import stored_rows

SOON = datetime(2090, 1, 31, 9, tzinfo=UTC)
PAST = datetime(2020, 1, 31, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"cron_expression": "0 0 9 * * 1"}, "cron_expression", "it has 6 fields"),
        ({"cron_expression": "* * 31 2 *"}, "cron_expression", "it is never due"),
        ({"timezone": "localtime"}, "timezone", "'localtime' is no IANA time zone"),
        ({"timezone": "Mars/Olympus"}, "timezone", "'Mars/Olympus' is no IANA time zone"),
        ({"cron_expression": DAILY, "scheduled_at": SOON}, "cron_expression", "Give either"),
        ({"cron_expression": None}, "cron_expression", "Give either"),
        ({"scheduled_at": PAST}, "scheduled_at", "it must be in the future"),
        ({"scheduled_at": SOON.replace(tzinfo=None)}, "scheduled_at", "it has no time zone"),
        ({"scheduled_at": SOON.replace(year=9500)}, "scheduled_at", "a few thousand years"),
        ({"max_runs": 0}, "max_runs", "it must be from 1"),
        ({"max_runs": 2**31}, "max_runs", "it must be from 1"),
        ({"grace_sec": -1}, "grace_sec", "it must be from 0"),
        ({"cron_expression": None, "scheduled_at": SOON, "max_runs": 1}, "max_runs", "with cron_expression only"),
        ({"cron_expression": "*/70 * * * *"}, "cron_expression", "past the end of its range"),
        ({"misfire": "never"}, "misfire", "use one of skip, run_once, run_all"),
        ({"misfire": "skip", "catch_up_limit": 3}, "catch_up_limit", "with misfire run_all only"),
        ({"misfire": "run_all", "catch_up_limit": 0}, "catch_up_limit", "it must be from 1"),
        ({"job_type": "nothing"}, "job_type", "there is no type 'nothing'; known: note, strict."),
        ({"job_type": "strict"}, "job_payload", "name the item."),
        ({"job_payload": {"text": "\0"}}, "job_payload", "JSON cannot hold"),
        ({"metadata": {"ratio": float("nan")}}, "job_payload", "JSON cannot hold"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_created(account, jobs, wrong, field, says):
    def needs_an_item(tenant, payload):
        if "item" not in payload:
            raise ValueError("name the item.")

    register("strict", print, check=needs_an_item)
    before = stored_rows()
    with pytest.raises(InvalidSchedule) as refused:
        a_schedule(account, **wrong)
    assert refused.value.field == field
    assert says in str(refused.value)
    assert stored_rows() == before


def test_without_any_type_the_refusal_says_so(account, registering):
    with pytest.raises(InvalidSchedule, match="known: none yet"):
        a_schedule(account)


def test_a_type_is_registered_once(registering):
    registering("note", print)
    with pytest.raises(ValueError, match="'note' is registered already"):
        registering("note", print)
    with pytest.raises(ValueError, match="1 to 100 characters"):
        registering("x" * 101, print)


def test_a_schedule_of_no_account_is_refused(db, jobs):
    with pytest.raises(NoSuchSchedule):
        create_schedule(uuid4(), a_draft(), created_by="test")


def test_a_recurring_schedule_knows_its_next_times_in_its_zone(account, jobs):
    made = a_schedule(account, cron_expression="0 9 * * mon", timezone="Europe/Athens", max_runs=2)
    times = next_times(made, 10)
    assert len(times) == 2
    assert {f"{time:%a %H:%M}" for time in times} == {"Mon 09:00"}
    assert times[0] == made.next_run_at
    assert (made.status, made.run_count, made.metadata) == ("active", 0, {})


def test_a_run_that_has_begun_is_no_longer_among_the_next_ones(account, jobs):
    made = a_schedule(account, max_runs=3)
    assert len(next_times(made, 10)) == 3
    run_now(account, made.id)
    assert len(next_times(made, 10)) == 2


def test_a_single_time_is_kept_in_utc(account, jobs):
    made = a_schedule(account, scheduled_at=datetime.fromisoformat("2090-01-31T09:00:00+02:00"))
    assert made.next_run_at == made.scheduled_at == datetime(2090, 1, 31, 7, tzinfo=UTC)
    assert next_times(made, 10) == [made.scheduled_at]


def test_another_tenant_finds_nothing(account, jobs):
    made, other = a_schedule(account), an_account().id
    for act in (read_schedule, pause_schedule, resume_schedule, cancel_schedule, run_now, delete_schedule, list_runs):
        with pytest.raises(NoSuchSchedule):
            act(other, made.id)
    with pytest.raises(NoSuchSchedule):
        update_schedule(other, made.id, {"max_runs": 3})
    assert list_schedules(other).total == 0


def test_a_list_is_filtered_by_status_and_type(account, jobs):
    register("other", print)
    first, second = a_schedule(account), a_schedule(account, job_type="other")
    pause_schedule(account, first.id)
    assert [each.id for each in list_schedules(account, status="paused").rows] == [first.id]
    assert [each.id for each in list_schedules(account, job_type="other").rows] == [second.id]
    assert list_schedules(account, status="paused", job_type="other").total == 0
    assert list_schedules(account).total == 2


def test_a_new_rule_counts_from_now_and_replaces_the_old_one(account, jobs):
    made = a_schedule(account)
    changed = update_schedule(account, made.id, {"scheduled_at": SOON})
    assert (changed.cron_expression, changed.scheduled_at, changed.next_run_at) == (None, SOON, SOON)
    back = update_schedule(account, made.id, {"cron_expression": "@hourly", "timezone": "Asia/Kathmandu"})
    assert (back.scheduled_at, back.next_run_at.minute) == (None, 15)


def test_what_is_not_named_stays(account, jobs):
    made = a_schedule(account, misfire="run_all", catch_up_limit=3, max_runs=9)
    changed = update_schedule(account, made.id, {"job_payload": {"text": "bye"}})
    assert changed.job_payload == {"text": "bye"}
    assert (changed.next_run_at, changed.catch_up_limit, changed.max_runs) == (made.next_run_at, 3, 9)
    unlimited = update_schedule(account, made.id, {"max_runs": None, "misfire": "skip"})
    assert (unlimited.max_runs, unlimited.catch_up_limit) == (None, None)


@pytest.mark.parametrize(
    "wrong", [{"cron_expression": "x"}, {"scheduled_at": PAST}, {"timezone": "x"}, {"max_runs": 0}, {"grace_sec": -1}]
)
def test_a_wrong_change_changes_nothing(account, jobs, wrong):
    made = a_schedule(account)
    with pytest.raises(InvalidSchedule):
        update_schedule(account, made.id, wrong)
    assert read_schedule(account, made.id) == made


def test_a_limit_below_what_has_run_is_refused(account, jobs):
    made = a_schedule(account)
    run_now(account, made.id)
    tick()
    with pytest.raises(InvalidSchedule, match="more than 1, the number of runs so far"):
        update_schedule(account, made.id, {"max_runs": 1})


def test_a_paused_schedule_is_not_due_until_it_is_resumed(account, jobs):
    made = a_schedule(account)
    assert pause_schedule(account, made.id).next_run_at is None
    assert update_schedule(account, made.id, {"cron_expression": "@hourly"}).next_run_at is None
    assert next_times(read_schedule(account, made.id), 5) == []
    assert resume_schedule(account, made.id).next_run_at is not None


def test_a_paused_schedule_whose_time_has_passed_needs_another_one(account, jobs):
    made = a_schedule(account, scheduled_at=SOON)
    pause_schedule(account, made.id)
    rows("UPDATE schedule SET scheduled_at = %s", [PAST])
    with pytest.raises(WrongState, match="another scheduled_at first"):
        resume_schedule(account, made.id)
    update_schedule(account, made.id, {"scheduled_at": SOON})
    assert resume_schedule(account, made.id).next_run_at == SOON


def test_what_has_ended_stays_as_it_is(account, jobs):
    made = a_schedule(account)
    cancel_schedule(account, made.id)
    for act in (pause_schedule, resume_schedule, cancel_schedule, run_now):
        with pytest.raises(WrongState, match="The schedule is cancelled"):
            act(account, made.id)
    with pytest.raises(WrongState, match="create another one"):
        update_schedule(account, made.id, {"max_runs": 3})


def test_a_run_out_of_turn_waits_for_the_tick_and_is_alone(account, jobs):
    made = a_schedule(account)
    run = run_now(account, made.id)
    assert (run.status, jobs) == ("pending", [])
    with pytest.raises(WrongState, match="one at a time"):
        run_now(account, made.id)
    with pytest.raises(WrongState, match="has not ended"):
        delete_schedule(account, made.id)
    assert tick() == {"succeeded": 1}
    [job] = jobs
    assert (job.payload, job.run_at, job.attempt) == ({"text": "hello"}, run.run_at, 1)
    assert read_schedule(account, made.id).next_run_at == made.next_run_at


def test_a_deleted_schedule_takes_its_runs_with_it(account, jobs):
    made = a_schedule(account)
    run_now(account, made.id)
    tick()
    assert list_runs(account, made.id).total == 1
    delete_schedule(account, made.id)
    assert runs_of(made.id) == []


def test_cancelling_takes_back_a_run_that_has_not_begun(account, jobs):
    made = a_schedule(account)
    run_now(account, made.id)
    cancel_schedule(account, made.id)
    assert tick() == {}
    assert [run["status"] for run in runs_of(made.id)] == ["cancelled"]


def test_a_draft_needs_no_more_than_a_type_a_payload_and_a_rule(account, jobs):
    in_a_minute = datetime.now(UTC) + timedelta(minutes=1)
    draft = ScheduleDraft(job_type="note", job_payload={}, scheduled_at=in_a_minute)
    made = create_schedule(account, draft, created_by="someone")
    assert (made.timezone, made.misfire, made.grace_sec, made.created_by) == ("UTC", "run_once", 300, "someone")
