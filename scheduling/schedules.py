"""Schedules: created, read, listed, changed and deleted, for one tenant; `lifecycle.py` moves them."""

from datetime import datetime
from itertools import islice
from uuid import UUID

import psycopg

from models.database import database_now, db
from models.page import Page
from models.schedules.run import ScheduleRun
from models.schedules.schedule import Schedule
from models.tenancy import Tenant
from scheduling.cron import checked_cron
from scheduling.draft import Changes, ScheduleDraft, changed_draft, checked, draft_of, rule_of
from scheduling.errors import InvalidSchedule, NoSuchSchedule, WrongState
from scheduling.registry import follow
from scheduling.rule import Recurring, Rule, next_after
from scheduling.zones import zone_called

# Changing one of these changes when the schedule is due.
_OF_THE_RULE = ("cron_expression", "scheduled_at", "timezone")


def create_schedule(account_id: UUID, draft: ScheduleDraft, *, created_by: str) -> Schedule:
    """Creates an active schedule; InvalidSchedule when something of it cannot be used."""
    draft = checked(draft, account_id)
    with db.atomic():
        try:
            made = Schedule.add(account_id, draft.values(), next_run_at=_first_time(draft), created_by=created_by)
        except psycopg.DataError:
            raise _not_storable() from None
        if made is None:
            raise NoSuchSchedule
        _follow_choice(None, made)
    return made


def read_schedule(tenant: Tenant, schedule_id: UUID, *, lock: bool = False) -> Schedule:
    """Returns the schedule; NoSuchSchedule when it is not the tenant's.

    With `lock` no other process can change it until the transaction ends.
    """
    found = Schedule.find(schedule_id, tenant, lock=lock)
    if found is None:
        raise NoSuchSchedule
    return found


def list_schedules(
    tenant: Tenant, *, status: str | None = None, job_type: str | None = None, page: int = 1, page_size: int = 20
) -> Page[Schedule]:
    """Returns one page of schedules, newest first."""
    return Schedule.page(tenant, status=status, job_type=job_type, page=page, page_size=page_size)


def update_schedule(tenant: Tenant, schedule_id: UUID, changes: Changes) -> Schedule:
    """Changes a schedule that has not ended; another rule counts from now on."""
    with db.atomic():
        schedule = read_schedule(tenant, schedule_id, lock=True)
        if schedule.status in ("completed", "cancelled"):
            raise WrongState(f"The schedule is {schedule.status}; create another one.")
        before = draft_of(schedule)
        draft = checked(changed_draft(before, changes), schedule.account_id)
        if draft.max_runs is not None and draft.max_runs <= schedule.run_count:
            raise InvalidSchedule(
                f"max_runs: it must be more than {schedule.run_count}, the number of runs so far.", field="max_runs"
            )
        next_run_at = schedule.next_run_at
        if any(getattr(draft, name) != getattr(before, name) for name in _OF_THE_RULE):
            first = _first_time(draft)
            next_run_at = first if schedule.status == "active" else None
        try:
            edited = schedule.edit(draft.values(), next_run_at=next_run_at)
        except psycopg.DataError:
            raise _not_storable() from None
        _follow_choice(schedule, edited)
    return edited


def delete_schedule(tenant: Tenant, schedule_id: UUID) -> Schedule:
    """Deletes a schedule with its runs, and returns it; WrongState while one of its runs has not ended."""
    with db.atomic():
        schedule = read_schedule(tenant, schedule_id, lock=True)
        if ScheduleRun.unfinished(schedule.id):
            raise WrongState("A run of the schedule has not ended; cancel the schedule, or wait.")
        try:
            follow(schedule, None)
        except ValueError as refused:
            raise WrongState(str(refused)) from None
        schedule.remove()
    return schedule


def list_runs(tenant: Tenant, schedule_id: UUID, *, page: int = 1, page_size: int = 20) -> Page[ScheduleRun]:
    """Returns one page of the schedule's runs, newest first."""
    return ScheduleRun.page(read_schedule(tenant, schedule_id).id, page=page, page_size=page_size)


def next_times(schedule: Schedule, count: int) -> list[datetime]:
    """Returns the next times at which the schedule is due, in its zone; none unless it is active."""
    if schedule.next_run_at is None:
        return []
    if schedule.max_runs is not None:
        begun = int(ScheduleRun.unfinished(schedule.id))
        count = min(count, schedule.max_runs - schedule.run_count - begun)
    zone = zone_called(schedule.timezone)
    following = rule_of(schedule).instants(schedule.next_run_at)
    times = [schedule.next_run_at, *islice(following, max(count - 1, 0))]
    return [time.astimezone(zone) for time in times[:count]]


def times_of(cron_expression: str, timezone: str, count: int) -> tuple[Rule, list[datetime]]:
    """Returns the rule and its next times, in its zone; InvalidSchedule when one of the two cannot be used."""
    rule = Recurring(checked_cron(cron_expression), zone_called(timezone))
    return rule, [time.astimezone(rule.zone) for time in islice(rule.instants(database_now()), count)]


def _follow_choice(before: Schedule | None, after: Schedule) -> None:
    try:
        follow(before, after)
    except ValueError as refused:
        raise InvalidSchedule(f"job_payload: {refused}", field="job_payload") from None


def _first_time(draft: ScheduleDraft) -> datetime:
    first = next_after(rule_of(draft), database_now())
    if first is None:
        raise InvalidSchedule("scheduled_at: it must be in the future.", field="scheduled_at")
    return first


def _not_storable() -> InvalidSchedule:
    return InvalidSchedule("job_payload or metadata has something that JSON cannot hold.", field="job_payload")
