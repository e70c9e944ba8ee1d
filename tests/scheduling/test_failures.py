"""A run that fails, or whose process dies, is begun again, and not without end."""

from datetime import timedelta

import pytest

from models.database import rows
from scheduling import tick as ticking
from scheduling.lifecycle import cancel_schedule, pause_schedule, resume_schedule, run_now
from scheduling.tick import MAX_ATTEMPTS, MAX_FAILED_RUNS
from tests.clock import DAY, MONDAY, NINE, advance_clock, set_clock, tick_at
from tests.scheduling.schedules import a_schedule, runs_of, schedule_row, statuses
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("monday")


def failing(times=10**9):
    """A handler that raises so many times, and the attempts it saw."""
    attempts = []

    def handler(job):
        attempts.append((job.run_at, job.attempt))
        if len(attempts) <= times:
            raise RuntimeError("no service")

    return handler, attempts


def tick_until_none_waits(schedule_id):
    """Ticks whenever its run is due again; the seconds that it waited each time."""
    waits = []
    while run := next((run for run in runs_of(schedule_id) if run["status"] == "pending"), None):
        [now] = rows("SELECT now() AS at")
        waits.append((run["due_at"] - now["at"]).total_seconds())
        assert tick_at(run["due_at"] - timedelta(seconds=1)) == {}
        tick_at(run["due_at"])
    return waits


def test_a_failed_run_is_tried_again_after_longer_and_longer_waits(account, registering):
    handler, attempts = failing(times=2)
    registering("note", handler)
    made = a_schedule(account)
    assert tick_at(NINE) == {"put_back": 1}
    assert tick_until_none_waits(made.id) == [30, 60]
    assert attempts == [(NINE, 1), (NINE, 2), (NINE, 3)]
    assert statuses(made.id) == [(NINE, "succeeded")]
    assert schedule_row(made.id)["failures"] == 0


def test_a_run_that_waits_for_its_next_attempt_waits_for_a_paused_schedule_too(account, registering):
    handler, attempts = failing(times=1)
    registering("note", handler)
    made = a_schedule(account, scheduled_at=NINE)
    tick_at(NINE)
    pause_schedule(account, made.id)
    assert tick_at(NINE + DAY) == {}
    assert resume_schedule(account, made.id).next_run_at is None
    assert tick_at(NINE + DAY) == {"succeeded": 1}
    assert attempts == [(NINE, 1), (NINE, 2)]


def test_a_run_that_fails_each_time_has_failed_and_the_next_one_gets_its_chance(account, registering):
    registering("note", failing(times=MAX_ATTEMPTS)[0])
    made = a_schedule(account)
    tick_at(NINE)
    assert tick_until_none_waits(made.id) == [30, 60, 120, 240]
    [run] = runs_of(made.id)
    assert (run["status"], run["error"]) == ("failed", "RuntimeError: no service")
    assert (schedule_row(made.id)["status"], schedule_row(made.id)["failures"]) == ("active", 1)
    assert schedule_row(made.id)["last_run_at"] is None
    assert tick_at(NINE + DAY) == {"succeeded": 1}
    assert schedule_row(made.id)["failures"] == 0


def test_failed_runs_in_a_row_fail_the_schedule_for_their_reason_until_it_is_resumed(account, registering):
    registering("note", failing(times=MAX_ATTEMPTS * MAX_FAILED_RUNS)[0])
    made = a_schedule(account)
    for day in range(MAX_FAILED_RUNS):
        tick_at(NINE + day * DAY)
        tick_until_none_waits(made.id)
    row = schedule_row(made.id)
    assert (row["status"], row["reason"], row["next_run_at"]) == ("failed", "RuntimeError: no service", None)
    assert tick_at(NINE + 10 * DAY) == {}
    resumed = resume_schedule(account, made.id)
    assert (resumed.failures, resumed.reason) == (0, None)
    assert tick_at(resumed.next_run_at) == {"succeeded": 1}


def test_a_single_run_that_fails_fails_the_schedule(account, registering):
    registering("note", failing()[0])
    made = a_schedule(account, scheduled_at=NINE)
    tick_at(NINE)
    tick_until_none_waits(made.id)
    row = schedule_row(made.id)
    assert (row["status"], row["run_count"]) == ("failed", 1)


def test_a_run_that_goes_on_when_the_next_is_due_keeps_it_waiting_and_the_misfire_rule_decides(account, registering):
    handler, attempts = failing(times=MAX_ATTEMPTS)
    registering("note", handler)
    made = a_schedule(account, cron_expression="* * * * *", grace_sec=0, misfire="skip")
    tick_at(MONDAY + timedelta(minutes=1))
    tick_until_none_waits(made.id)
    assert {run_at for run_at, _ in attempts} == {MONDAY + timedelta(minutes=1)}
    assert [status for _, status in statuses(made.id)] == ["failed", "skipped"]


def test_a_run_of_a_dead_process_is_begun_again_when_its_lease_has_ended(account, jobs):
    made = a_schedule(account)
    set_clock(NINE)
    run_now(account, made.id)
    rows(
        "UPDATE schedule_run SET status = 'running', attempt = 1, token = gen_random_uuid(), due_at = %s", [NINE + DAY]
    )
    assert tick_at(NINE + DAY - timedelta(seconds=1)) == {}
    assert tick_at(NINE + DAY)["succeeded"] >= 1
    assert (jobs[0].run_at, jobs[0].attempt) == (NINE, 2)


def test_a_run_whose_process_died_again_and_again_has_failed(account, jobs):
    made = a_schedule(account, scheduled_at=NINE)
    set_clock(NINE - timedelta(seconds=1))
    run_now(account, made.id)
    rows("UPDATE schedule_run SET status = 'running', attempt = %s, token = gen_random_uuid()", [MAX_ATTEMPTS])
    assert tick_at(NINE - timedelta(seconds=1)) == {"failed": 1}
    assert jobs == []
    assert "its process ended before it was done" in runs_of(made.id)[0]["error"]


def test_the_outcome_of_a_run_that_was_taken_over_is_not_recorded(account, registering):
    def taken_over_meanwhile(job):
        rows("UPDATE schedule_run SET token = gen_random_uuid()")

    registering("note", taken_over_meanwhile)
    made = a_schedule(account, scheduled_at=NINE)
    assert tick_at(NINE) == {"lost": 1}
    assert statuses(made.id) == [(NINE, "running")]
    assert schedule_row(made.id)["run_count"] == 0


def test_a_schedule_that_is_cancelled_while_it_runs_stays_cancelled(account, registering):
    registering("note", lambda job: cancel_schedule(account, job.schedule_id))
    made = a_schedule(account, scheduled_at=NINE)
    assert tick_at(NINE) == {"lost": 1}
    [run] = runs_of(made.id)
    assert (run["status"], run["error"]) == ("cancelled", "cancelled while it went on; it may have been done")
    assert schedule_row(made.id)["status"] == "cancelled"


def test_a_schedule_that_is_paused_while_it_runs_keeps_what_came_of_it(account, registering):
    registering("note", lambda job: pause_schedule(account, job.schedule_id))
    made = a_schedule(account)
    assert tick_at(NINE) == {"succeeded": 1}
    assert (schedule_row(made.id)["status"], schedule_row(made.id)["run_count"]) == ("paused", 1)


def test_a_long_run_keeps_its_lease(account, registering, monkeypatch):
    monkeypatch.setattr(ticking, "LEASE_SEC", 0.2)

    def long(job):
        before = runs_of(job.schedule_id)[0]["due_at"]
        advance_clock(timedelta(seconds=1))
        wait_until(lambda: runs_of(job.schedule_id)[0]["due_at"] != before, "the lease is renewed")

    registering("note", long)
    made = a_schedule(account)
    assert tick_at(NINE) == {"succeeded": 1}
    assert statuses(made.id) == [(NINE, "succeeded")]
