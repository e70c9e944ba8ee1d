"""A handler may answer that it is busy, or that there is nothing to do, and learns what becomes of its schedules."""

from datetime import timedelta

import pytest

from models.database import row
from scheduling.errors import InvalidSchedule, WrongState
from scheduling.lifecycle import cancel_schedule, pause_schedule, resume_schedule
from scheduling.registry import Busy, Skipped
from scheduling.schedules import create_schedule, delete_schedule, update_schedule
from scheduling.tick import MAX_ATTEMPTS, MAX_FAILED_RUNS
from tests.clock import DAY, NINE, tick_at
from tests.scheduling.schedules import a_draft, a_schedule, runs_of, schedule_row, statuses
from tests.stored import stored_rows

pytestmark = pytest.mark.usefixtures("monday")

A_MINUTE = timedelta(minutes=1)


class Answering:
    """A handler that raises what it is told to, and counts its calls."""

    def __init__(self, answer=None):
        self.answer, self.attempts = answer, []

    def __call__(self, job):
        self.attempts.append((job.run_at, job.attempt))
        if self.answer:
            raise self.answer


@pytest.fixture
def busy(registering):
    handler = Answering(Busy("the last one still goes on"))
    registering("note", handler)
    return handler


@pytest.fixture
def followed(registering):
    """What a type that follows its schedules was told: the status before and after each change."""
    told = []

    def follow(before, after):
        told.append((before and before.status, after and after.status))
        if after and after.job_payload.get("text") == "refused":
            raise ValueError("this text cannot be sent.")

    handler = Answering()
    registering("note", handler, follow=follow, misfire="skip")
    return told, handler


def refusing(answer, registering):
    def follow(before, after):
        if (after and after.status) == answer:
            raise ValueError("not while it is needed.")

    registering("note", print, follow=follow)


def test_a_run_that_is_busy_is_skipped_when_that_is_the_rule(account, busy):
    made = a_schedule(account, misfire="skip")
    assert tick_at(NINE) == {"skipped": 1}
    [run] = runs_of(made.id)
    assert (run["status"], run["error"]) == ("skipped", "the last one still goes on")
    kept = schedule_row(made.id)
    assert (kept["status"], kept["run_count"], kept["next_run_at"]) == ("active", 0, NINE + DAY)


@pytest.mark.parametrize("misfire", ["run_once", "run_all"])
def test_otherwise_it_waits_until_it_is_possible_however_often_it_asks(account, busy, misfire):
    made = a_schedule(account, misfire=misfire)
    for minute in range(MAX_ATTEMPTS + 2):
        assert tick_at(NINE + minute * A_MINUTE) == {"put_back": 1}
        assert tick_at(NINE + minute * A_MINUTE + timedelta(seconds=59)) == {}
    assert {attempt for _, attempt in busy.attempts} == {1}
    busy.answer = None
    assert tick_at(NINE + DAY - A_MINUTE) == {"succeeded": 1}
    assert statuses(made.id) == [(NINE, "succeeded")]
    assert schedule_row(made.id)["failures"] == 0


@pytest.mark.parametrize(("misfire", "ran"), [("run_once", [0, 3]), ("run_all", [0, 1, 2, 3])])
def test_what_comes_up_while_it_waits_is_a_misfire(account, busy, misfire, ran):
    made = a_schedule(account, misfire=misfire)
    tick_at(NINE)
    busy.answer = None
    tick_at(NINE + 3 * DAY + timedelta(hours=1))
    assert [at for at, status in statuses(made.id) if status == "succeeded"] == [NINE + day * DAY for day in ran]


def test_a_rule_that_was_changed_while_it_waits_counts(account, busy):
    made = a_schedule(account)
    tick_at(NINE)
    update_schedule(account, made.id, {"misfire": "skip"})
    assert tick_at(NINE + A_MINUTE) == {"skipped": 1}


def test_a_run_with_nothing_to_do_is_skipped_for_its_reason_and_does_not_count(account, registering):
    registering("note", Answering(Skipped("no one has a birthday")))
    made = a_schedule(account, max_runs=1)
    assert [tick_at(NINE + day * DAY) for day in range(MAX_FAILED_RUNS)] == [{"skipped": 1}] * MAX_FAILED_RUNS
    assert {run["error"] for run in runs_of(made.id)} == {"no one has a birthday"}
    kept = schedule_row(made.id)
    assert (kept["status"], kept["run_count"], kept["failures"]) == ("active", 0, 0)


def test_a_single_time_that_was_skipped_fails_the_schedule_for_the_reason(account, registering):
    registering("note", Answering(Skipped("no one has a birthday")))
    made = a_schedule(account, scheduled_at=NINE)
    assert tick_at(NINE) == {"skipped": 1}
    kept = schedule_row(made.id)
    assert (kept["status"], kept["reason"]) == ("failed", "no one has a birthday")


def test_a_schedule_that_names_no_misfire_rule_has_that_of_its_type(account, followed):
    assert a_schedule(account).misfire == "skip"
    assert a_schedule(account, misfire="run_once").misfire == "run_once"
    assert update_schedule(account, a_schedule(account, misfire="run_all").id, {"misfire": None}).misfire == "skip"


def test_a_type_follows_whatever_people_do(account, followed):
    told, _ = followed
    made = a_schedule(account)
    pause_schedule(account, made.id)
    resume_schedule(account, made.id)
    update_schedule(account, made.id, {"max_runs": 3})
    cancel_schedule(account, made.id)
    delete_schedule(account, made.id)
    assert told == [
        (None, "active"),
        ("active", "paused"),
        ("paused", "active"),
        ("active", "active"),
        ("active", "cancelled"),
        ("cancelled", None),
    ]


def test_a_type_follows_what_a_tick_does(account, followed):
    told, handler = followed
    a_schedule(account, scheduled_at=NINE)
    tick_at(NINE)
    a_schedule(account, scheduled_at=NINE + DAY)
    tick_at(NINE + 2 * DAY)
    handler.answer = RuntimeError("no service")
    failing = a_schedule(account, scheduled_at=NINE + 3 * DAY)
    tick_at(NINE + 3 * DAY)
    while schedule_row(failing.id)["status"] == "active":
        tick_at(runs_of(failing.id)[0]["due_at"])
    changes = [each for each in told if each[0]]
    assert changes == [("active", "completed"), ("active", "failed"), ("active", "failed")]


def test_a_type_refuses_a_creation_and_a_change_and_nothing_is_stored(account, followed):
    made = a_schedule(account)
    before = stored_rows()
    with pytest.raises(InvalidSchedule, match=r"job_payload: this text cannot be sent\.") as refused:
        create_schedule(account, a_draft(job_payload={"text": "refused"}), created_by="test")
    assert refused.value.field == "job_payload"
    with pytest.raises(InvalidSchedule, match="this text cannot be sent"):
        update_schedule(account, made.id, {"job_payload": {"text": "refused"}})
    assert stored_rows() == before


@pytest.mark.parametrize(
    ("answer", "act"), [("paused", pause_schedule), ("cancelled", cancel_schedule), (None, delete_schedule)]
)
def test_a_type_refuses_a_move_and_nothing_is_stored(account, registering, answer, act):
    refusing(answer, registering)
    made = a_schedule(account)
    with pytest.raises(WrongState, match="not while it is needed"):
        act(account, made.id)
    assert row("SELECT status FROM schedule") == {"status": "active"}
