"""One pass over the schedules that are due: records their runs, then performs those that wait."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Literal

import structlog

from config.stopping import stopping
from models.database import database_now, db
from models.schedules.run import ScheduleRun
from models.schedules.schedule import Schedule
from models.tenancy import ALL_ACCOUNTS
from models.turns import Turns
from scheduling.misfire import next_step
from scheduling.registry import Busy, Job, Skipped, follow, handler_of, known_types

log = structlog.get_logger()

CLAIM_SIZE = 100
# Due schedules are looked for again after this long, so that those of other accounts have their turn among the runs of
# an account with many.
LOOK_AGAIN_SEC = 1.0
# A run whose process is silent for so long is begun again by another one.
LEASE_SEC = 60.0
# How often a run is begun before it counts as failed, and how long it waits after its first failure; then twice that.
MAX_ATTEMPTS = 5
BACK_OFF_SEC = 30.0
# How long a run waits while what an earlier one began goes on.
BUSY_SEC = 60.0
# A schedule with so many failed runs in a row has failed.
MAX_FAILED_RUNS = 3
_MAX_ERROR = 500


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of an attempt, and why, unless it succeeded."""

    kind: Literal["succeeded", "failed", "skipped", "busy"]
    reason: str | None = None


def tick() -> dict[str, int]:
    """Performs all that is due and returns how often each outcome came; any number of processes may do so at once."""
    outcomes: Counter[str] = Counter()
    types, turns = known_types(), Turns()
    look_again_at = monotonic() + LOOK_AGAIN_SEC
    while not stopping().asked:
        if monotonic() >= look_again_at:
            record_due(types, turns)
            look_again_at = monotonic() + LOOK_AGAIN_SEC
        if run := ScheduleRun.take(types, lease_sec=LEASE_SEC, turns=turns):
            outcomes[_perform(run, turns)] += 1
        elif not record_due(types, turns):
            break
    if unknown := Schedule.unknown_types_due(types):
        log.warning("tick.without_handler", job_types=unknown)
    if outcomes:
        log.info("tick.done", **outcomes)
    return dict(outcomes)


def record_due(types: Sequence[str], turns: Turns) -> int:
    """Records the runs of due schedules and moves these on, in one transaction; returns how many moved.

    The rows are locked from reading to writing, because the next time by cron cannot be told in SQL.
    """
    with db.atomic():
        due = Schedule.lock_due(types, limit=CLAIM_SIZE, turns=turns)
        now = database_now()
        steps = {one.id: next_step(one, one.next_run_at or now, now) for one in due}
        wanted = {schedule_id: step.run_at for schedule_id, step in steps.items() if step.run_at}
        recorded = ScheduleRun.record(list(wanted.items()))
        # Another process may have recorded a run between our look for unfinished ones and the lock.
        busy = {schedule_id for schedule_id in wanted.keys() - recorded if ScheduleRun.unfinished(schedule_id)}
        moving = [one for one in due if one.id not in busy]
        ScheduleRun.record_skipped(
            [
                (one.id, skipped_at, f"more than {timedelta(seconds=one.grace_sec)} late; the rule is {one.misfire}")
                for one in moving
                if (skipped_at := steps[one.id].skipped_at)
            ]
        )
        Schedule.move_on([(one.id, steps[one.id].next_run_at) for one in moving])
        for one in moving:
            if steps[one.id].run_at is None and steps[one.id].next_run_at is None:
                _miss(one, "its time was missed, and its misfire rule is skip")
    return len(moving)


def _perform(run: ScheduleRun, turns: Turns) -> str:
    """Calls the handler, with no transaction open, and records what came of it and that the account had a turn."""
    schedule = Schedule.find(run.schedule_id, ALL_ACCOUNTS)
    if schedule is None:
        return "lost"
    if run.attempt > MAX_ATTEMPTS:
        return _record(run, _Outcome("failed", f"begun {MAX_ATTEMPTS} times, and its process ended before it was done"))
    job = Job(schedule.account_id, schedule.job_payload, run.schedule_id, run.run_at, run.attempt)
    try:
        with _lease_kept(run), turns.turn_of(schedule.account_id):
            handler_of(schedule.job_type)(job)
    except Skipped as nothing_to_do:
        return _record(run, _Outcome("skipped", _stored(nothing_to_do)))
    except Busy as going_on:
        return _record(run, _Outcome("busy", _stored(going_on)))
    except Exception as problem:
        log.exception("run.attempt_failed", schedule_id=str(run.schedule_id), attempt=run.attempt)
        return _record(run, _Outcome("failed", _stored(f"{type(problem).__name__}: {problem}")))
    return _record(run, _Outcome("succeeded"))


def _record(run: ScheduleRun, outcome: _Outcome) -> str:
    """Records the outcome of an attempt and what it means for the schedule, in one transaction."""
    with db.atomic():
        schedule = Schedule.find(run.schedule_id, ALL_ACCOUNTS, lock=True)
        if schedule and outcome.kind == "busy" and schedule.misfire == "skip":
            outcome = _Outcome("skipped", outcome.reason)
        if schedule is None or not _end_attempt(run, outcome):
            log.warning("run.not_ours", schedule_id=str(run.schedule_id))
            return "lost"
        if outcome.kind == "busy" or (outcome.kind == "failed" and run.attempt < MAX_ATTEMPTS):
            return "put_back"
        if outcome.kind == "skipped":
            if run.run_at == schedule.scheduled_at:
                _miss(schedule, outcome.reason)
        else:
            _count(schedule, run, outcome)
        return outcome.kind


def _end_attempt(run: ScheduleRun, outcome: _Outcome) -> bool:
    """Ends the run, or lets it wait for its next attempt; False when another process has taken it over."""
    if outcome.kind == "busy":
        return run.wait(reason=outcome.reason or "", wait_sec=BUSY_SEC)
    if outcome.kind == "failed" and run.attempt < MAX_ATTEMPTS:
        return run.put_back(error=outcome.reason or "", wait_sec=BACK_OFF_SEC * 2 ** (run.attempt - 1))
    return run.end(outcome.kind, error=outcome.reason)


def _count(schedule: Schedule, run: ScheduleRun, outcome: _Outcome) -> None:
    """Counts a run that succeeded or failed, and ends the schedule after its last one or one failure too many."""
    succeeded = outcome.kind == "succeeded"
    failures = 0 if succeeded else schedule.failures + 1
    counted = schedule.count_run(succeeded=succeeded, failures=failures)
    is_last = run.run_at == schedule.scheduled_at or counted.run_count == counted.max_runs
    if not succeeded and (failures >= MAX_FAILED_RUNS or is_last):
        follow(schedule, counted.move("failed", reason=outcome.reason))
        log.error("schedule.failed", schedule_id=str(run.schedule_id), failures=failures)
    elif is_last:
        follow(schedule, counted.move("completed"))


def _miss(schedule: Schedule, reason: str | None) -> None:
    """Fails a schedule for a single time, which was passed over."""
    follow(schedule, schedule.move("failed", reason=reason))
    log.warning("schedule.missed", schedule_id=str(schedule.id))


def _stored(problem: object) -> str:
    """Returns as much of the problem as a row keeps."""
    return str(problem).replace("\0", "")[:_MAX_ERROR]


@contextmanager
def _lease_kept(run: ScheduleRun) -> Iterator[None]:
    """Renews the lease for as long as the block takes, so that a long run is not begun a second time."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(LEASE_SEC / 3):
            try:
                with db.connection_context():
                    run.renew(lease_sec=LEASE_SEC)
            except Exception as problem:
                log.warning("run.lease_not_renewed", problem=type(problem).__name__)

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
