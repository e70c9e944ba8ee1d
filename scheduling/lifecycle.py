"""Pauses, resumes and cancels a schedule, or runs it now."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from models.database import database_now, db
from models.schedules.run import ScheduleRun
from models.schedules.schedule import Schedule
from models.tenancy import Tenant
from scheduling.draft import rule_of
from scheduling.errors import WrongState
from scheduling.registry import check_run, follow
from scheduling.rule import next_after
from scheduling.schedules import read_schedule


def pause_schedule(tenant: Tenant, schedule_id: UUID) -> Schedule:
    """Keeps an active schedule from running; a run that has begun goes on."""
    with db.atomic():
        return _moved(_locked(tenant, schedule_id, {"active"}, "paused"), "paused")


def resume_schedule(tenant: Tenant, schedule_id: UUID) -> Schedule:
    """Lets a paused or failed schedule run again, from its next time on; what came up meanwhile is not made up for."""
    with db.atomic():
        schedule = _locked(tenant, schedule_id, {"paused", "failed"}, "resumed")
        if schedule.run_count == schedule.max_runs:
            raise WrongState("The schedule has had all its runs; give it a larger max_runs first.")
        following = next_after(rule_of(schedule), database_now())
        if following is None and not ScheduleRun.unfinished(schedule.id):
            raise WrongState("The time of the schedule has passed; give it another scheduled_at first.")
        return _moved(schedule, "active", next_run_at=following)


def cancel_schedule(tenant: Tenant, schedule_id: UUID) -> Schedule:
    """Ends a schedule for good; a run that has begun cannot be stopped, but is not begun again."""
    with db.atomic():
        schedule = _locked(tenant, schedule_id, {"active", "paused", "failed"}, "cancelled")
        ScheduleRun.cancel_waiting(schedule.id)
        return _moved(schedule, "cancelled", reason=schedule.reason)


def run_now(tenant: Tenant, schedule_id: UUID) -> ScheduleRun:
    """Records a run beside the planned ones, which the next tick begins; it counts like any other.

    Refused, as the schedule's type does, when it would be skipped.
    """
    with db.atomic():
        schedule = _locked(tenant, schedule_id, {"active"}, "run")
        check_run(schedule)
        run = ScheduleRun.record_now(schedule.id)
        if run is None:
            raise WrongState("A run of the schedule has not ended; it has one at a time.")
        return run


def _locked(tenant: Tenant, schedule_id: UUID, allowed: Collection[str], verb: str) -> Schedule:
    schedule = read_schedule(tenant, schedule_id, lock=True)
    if schedule.status not in allowed:
        raise WrongState(f"The schedule is {schedule.status} and cannot be {verb}.")
    return schedule


def _moved(
    schedule: Schedule, status: str, *, next_run_at: datetime | None = None, reason: str | None = None
) -> Schedule:
    moved = schedule.move(status, next_run_at=next_run_at, reason=reason)
    try:
        follow(schedule, moved)
    except ValueError as refused:
        raise WrongState(str(refused)) from None
    return moved
