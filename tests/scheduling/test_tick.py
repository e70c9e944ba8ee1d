"""A tick runs what is due: once, in turn, and what is late as the misfire rule says."""

from datetime import timedelta

import pytest

from scheduling import registry
from scheduling.lifecycle import pause_schedule, resume_schedule
from scheduling.schedules import update_schedule
from tests.clock import DAY, MONDAY, NINE, tick_at
from tests.scheduling.schedules import a_schedule, schedule_row, statuses

pytestmark = pytest.mark.usefixtures("monday")


def test_it_runs_at_its_time_and_not_before(account, jobs):
    made = a_schedule(account)
    assert tick_at(NINE - timedelta(microseconds=1)) == {}
    assert tick_at(NINE) == {"succeeded": 1}
    assert tick_at(NINE + timedelta(minutes=1)) == {}
    assert [job.run_at for job in jobs] == [NINE]
    row = schedule_row(made.id)
    assert (row["run_count"], row["last_run_at"], row["next_run_at"]) == (1, NINE, NINE + DAY)


def test_a_single_time_completes_the_schedule(account, jobs):
    made = a_schedule(account, scheduled_at=NINE)
    assert tick_at(NINE) == {"succeeded": 1}
    row = schedule_row(made.id)
    assert (row["status"], row["next_run_at"]) == ("completed", None)


def test_the_last_of_its_runs_completes_the_schedule(account, jobs):
    made = a_schedule(account, max_runs=2)
    for day in range(4):
        tick_at(NINE + day * DAY)
    assert [job.run_at for job in jobs] == [NINE, NINE + DAY]
    assert schedule_row(made.id)["status"] == "completed"


def test_all_that_came_up_within_the_grace_runs_in_turn(account, jobs):
    a_schedule(account, cron_expression="* * * * *", grace_sec=300, misfire="skip")
    tick_at(MONDAY + timedelta(minutes=3, seconds=30))
    assert [job.run_at for job in jobs] == [MONDAY + timedelta(minutes=n) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("rule", "ran"),
    [
        ({"misfire": "skip"}, []),
        ({"misfire": "run_once"}, [9]),
        ({"misfire": "run_all", "catch_up_limit": 3}, [7, 8, 9]),
        ({"misfire": "run_all", "catch_up_limit": 100}, list(range(10))),
    ],
)
def test_after_an_outage_the_misfire_rule_decides(account, jobs, rule, ran):
    made = a_schedule(account, **rule)
    tick_at(NINE + 9 * DAY + timedelta(hours=1))
    assert [job.run_at for job in jobs] == [NINE + day * DAY for day in ran]
    assert schedule_row(made.id)["next_run_at"] == NINE + 10 * DAY
    skipped = [time for time, status in statuses(made.id) if status == "skipped"]
    assert skipped == ([] if 0 in ran else [NINE])


def test_a_single_time_that_was_missed_fails_the_schedule_when_the_rule_is_to_skip(account, jobs):
    made = a_schedule(account, scheduled_at=NINE, misfire="skip")
    assert tick_at(NINE + DAY) == {}
    row = schedule_row(made.id)
    assert (row["status"], row["reason"]) == ("failed", "its time was missed, and its misfire rule is skip")
    assert statuses(made.id) == [(NINE, "skipped")]


def test_a_single_time_that_was_missed_runs_late_otherwise(account, jobs):
    made = a_schedule(account, scheduled_at=NINE)
    assert tick_at(NINE + 100 * DAY) == {"succeeded": 1}
    assert schedule_row(made.id)["status"] == "completed"


def test_what_was_missed_during_a_pause_is_not_made_up_for(account, jobs):
    made = a_schedule(account, misfire="run_all")
    pause_schedule(account, made.id)
    assert tick_at(NINE + 3 * DAY) == {}
    assert resume_schedule(account, made.id).next_run_at == NINE + 4 * DAY


def test_a_schedule_whose_type_this_process_does_not_know_waits_for_one_that_does(account, registering):
    registering("note", print)
    a_schedule(account)
    registry._registered.clear()
    assert tick_at(NINE) == {}
    done = []
    registering("note", done.append)
    assert tick_at(NINE + timedelta(minutes=1)) == {"succeeded": 1}
    assert [job.run_at for job in done] == [NINE]


def test_a_schedule_changed_between_two_runs_goes_on_by_its_new_rule(account, jobs):
    made = a_schedule(account)
    tick_at(NINE)
    update_schedule(account, made.id, {"cron_expression": "0 10 * * *", "job_payload": {"text": "later"}})
    tick_at(NINE + timedelta(hours=1))
    assert [(job.run_at, job.payload["text"]) for job in jobs] == [
        (NINE, "hello"),
        (NINE + timedelta(hours=1), "later"),
    ]
