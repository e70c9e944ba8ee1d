"""Schedules as people see and change them: whose they are, what of them is shown, and who changed what.

When and how they run is the business of `scheduling`, which knows neither callers nor what its functions do.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, WithJsonSchema

from dispatch.caller import Caller
from dispatch.errors import InvalidRequest, InvalidStatus, NotFound
from dispatch.formats.view import Time, View
from models.database import db
from models.page import Page
from models.row import JsonObject
from models.schedules.run import RUN_STATES, ScheduleRun
from models.schedules.schedule import Schedule
from models.states import SCHEDULE_STATES
from models.tenancy import Tenant
from scheduling import lifecycle, schedules
from scheduling.draft import Changes, Misfire, ScheduleDraft, rule_of
from scheduling.errors import InvalidSchedule, NoSuchSchedule, WrongState
from scheduling.words import describe

MAX_TIMES = 100

Status = Annotated[str, WithJsonSchema({"type": "string", "enum": list(SCHEDULE_STATES)})]
RunStatus = Annotated[str, WithJsonSchema({"type": "string", "enum": list(RUN_STATES)})]


class ScheduleView(View):
    """A schedule, and how far it has come."""

    id: UUID
    account_id: UUID
    job_type: str
    job_payload: JsonObject
    cron_expression: str | None
    scheduled_at: Time | None
    timezone: str
    description: str = Field(description='when it is due, in words: "every Monday at 09:00, Europe/Athens"')
    misfire: Misfire
    grace_sec: int
    catch_up_limit: int | None
    max_runs: int | None
    metadata: JsonObject
    status: Status
    next_run_at: Time | None = Field(description="null unless it is active, and while its last run goes on")
    last_run_at: Time | None = Field(description="when its last successful run ended")
    run_count: int = Field(description="runs that have ended, also those that failed")
    failures: int = Field(description="failed runs in a row")
    reason: str | None = Field(description="why it failed")
    created_by: str
    created_at: Time
    updated_at: Time

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        """Returns what is shown of the row."""
        shown = {name: getattr(schedule, name) for name in cls.model_fields if name != "description"}
        return cls(**shown, description=describe(rule_of(schedule)))


class ScheduleRunView(View):
    """A run of a schedule."""

    schedule_id: UUID
    run_at: Time = Field(description="the time that it stands for")
    status: RunStatus
    attempt: int = Field(description="how often it was begun")
    started_at: Time | None
    ended_at: Time | None
    error: str | None


class NextTimesView(View):
    """When a schedule is due next."""

    timezone: str
    description: str
    times: list[Time] = Field(description="in the schedule's zone; none unless it is active")


def create_schedule(caller: Caller, draft: ScheduleDraft) -> ScheduleView:
    """Creates an active schedule of the caller's account."""
    with refusals(), db.atomic():
        made = schedules.create_schedule(caller.one_account(), draft, created_by=caller.actor)
        _note(caller, "schedule.created", made)
    return ScheduleView.of(made)


def read_schedule(caller: Caller, schedule_id: UUID) -> ScheduleView:
    """Returns the schedule; NotFound when it is not the caller's to see."""
    with refusals():
        return ScheduleView.of(schedules.read_schedule(caller.account, schedule_id))


def locked_schedule(caller: Caller, schedule_id: UUID) -> Schedule:
    """Returns the schedule, which no other process can change until the transaction ends."""
    with refusals():
        return schedules.read_schedule(caller.account, schedule_id, lock=True)


def list_schedules(
    caller: Caller, *, status: str | None = None, job_type: str | None = None, page: int = 1, page_size: int = 20
) -> Page[ScheduleView]:
    """Returns one page of schedules, newest first, of one status or type if these are given."""
    if status is not None and status not in SCHEDULE_STATES:
        raise InvalidRequest(f"status is one of {', '.join(SCHEDULE_STATES)}.", field="status")
    found = schedules.list_schedules(caller.account, status=status, job_type=job_type, page=page, page_size=page_size)
    return found.map(ScheduleView.of)


def edit_schedule(caller: Caller, schedule_id: UUID, changes: Changes) -> ScheduleView:
    """Changes a schedule that has not ended; InvalidRequest when no change is named."""
    if not changes:
        read_schedule(caller, schedule_id)  # NotFound comes first, as for every other change
        raise InvalidRequest(f"Name at least one thing to change: {', '.join(Changes.__annotations__)}.")
    return _changed(
        caller,
        schedule_id,
        lambda tenant, schedule_id: schedules.update_schedule(tenant, schedule_id, changes),
        "schedule.changed",
    )


def delete_schedule(caller: Caller, schedule_id: UUID) -> None:
    """Deletes a schedule with its runs; InvalidStatus while one of these has not ended."""
    _changed(caller, schedule_id, schedules.delete_schedule, "schedule.deleted")


def pause_schedule(caller: Caller, schedule_id: UUID) -> ScheduleView:
    """Keeps an active schedule from running."""
    return _changed(caller, schedule_id, lifecycle.pause_schedule, "schedule.paused")


def resume_schedule(caller: Caller, schedule_id: UUID) -> ScheduleView:
    """Lets a paused or failed schedule run again, from its next time on."""
    return _changed(caller, schedule_id, lifecycle.resume_schedule, "schedule.resumed")


def cancel_schedule(caller: Caller, schedule_id: UUID) -> ScheduleView:
    """Ends a schedule for good."""
    return _changed(caller, schedule_id, lifecycle.cancel_schedule, "schedule.cancelled")


def run_schedule_now(caller: Caller, schedule_id: UUID) -> ScheduleRunView:
    """Records a run beside the planned ones, which the next tick begins."""
    with refusals(), db.atomic():
        run = lifecycle.run_now(caller.account, schedule_id)
        _note(caller, "schedule.run_requested", schedules.read_schedule(caller.account, schedule_id))
    return ScheduleRunView.model_validate(run)


def list_runs(caller: Caller, schedule_id: UUID, *, page: int = 1, page_size: int = 20) -> Page[ScheduleRunView]:
    """Returns one page of the schedule's runs, newest first."""
    with refusals():
        found: Page[ScheduleRun] = schedules.list_runs(caller.account, schedule_id, page=page, page_size=page_size)
    return found.map(ScheduleRunView.model_validate)


def next_times(caller: Caller, schedule_id: UUID, *, count: int = 10) -> NextTimesView:
    """Returns the next times at which the schedule is due."""
    if not 1 <= count <= MAX_TIMES:
        raise InvalidRequest(f"count is from 1 to {MAX_TIMES}.", field="count")
    with refusals():
        schedule = schedules.read_schedule(caller.account, schedule_id)
    times: list[datetime] = schedules.next_times(schedule, count)
    return NextTimesView(timezone=schedule.timezone, description=describe(rule_of(schedule)), times=times)


def times_of(cron_expression: str, timezone: str, *, count: int = 10) -> NextTimesView:
    """Returns the next times of an expression by the clocks of a zone, as if a schedule had it; nothing is kept."""
    with refusals():
        rule, times = schedules.times_of(cron_expression, timezone, count)
    return NextTimesView(timezone=timezone, description=describe(rule), times=times)


def _changed(
    caller: Caller, schedule_id: UUID, change: Callable[[Tenant, UUID], Schedule], action: str
) -> ScheduleView:
    """Changes the schedule, with an audit event in the same transaction."""
    with refusals(), db.atomic():
        changed = change(caller.account, schedule_id)
        _note(caller, action, changed)
    return ScheduleView.of(changed)


def _note(caller: Caller, action: str, schedule: Schedule) -> None:
    caller.note(action, schedule.id, account_id=schedule.account_id, job_type=schedule.job_type)


@contextmanager
def refusals() -> Iterator[None]:
    """Raises what the engine refuses as the refusals that every entry point answers."""
    try:
        yield
    except InvalidSchedule as refused:
        raise InvalidRequest(str(refused), field=refused.field) from None
    except NoSuchSchedule as refused:
        raise NotFound(str(refused)) from None
    except WrongState as refused:
        raise InvalidStatus(str(refused)) from None
