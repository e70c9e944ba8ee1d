"""Schedules over HTTP: registered functions that run once or again and again."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, Field

from api.http.auth import caller
from api.http.inputs import Given, Organization, Page, Time, WholeNumber, empty_is_absent, or_empty, storable, whole
from api.http.pages import Paged, paged
from api.http.routes import Routes
from api.http.rules import ONE_TRANSACTION
from dispatch.schedules import schedules
from dispatch.schedules.schedules import MAX_TIMES, NextTimesView, ScheduleRunView, ScheduleView, Status
from models.states import SCHEDULE_STATES
from scheduling.draft import Misfire, ScheduleDraft

routes = Routes("schedules", __name__, url_prefix="/api/schedules")


class SchedulePath(Given):
    schedule_id: UUID


class ScheduleSettings(Given):
    """What is chosen when a schedule is created, and may be changed."""

    job_payload: dict[str, Any] = Field({}, description="what the function is told")
    cron_expression: str | None = Field(
        None, description="five fields, or @hourly, @daily, @weekly, @monthly or @yearly"
    )
    scheduled_at: Time | None = Field(None, description="the only time it runs; give this or cron_expression")
    timezone: str = Field(
        "UTC", description="an IANA zone such as Europe/Athens, by whose clocks the expression is read"
    )
    misfire: Misfire | None = Field(
        None,
        description="what becomes of runs later than the grace: none, the last one, or the last catch_up_limit run; "
        "null: the rule of the job type",
    )
    grace_sec: WholeNumber = Field(300, description="how many seconds late a run may be")
    catch_up_limit: WholeNumber | None = Field(None, description="how many late runs run_all makes up for, 1 to 1000")
    max_runs: WholeNumber | None = Field(None, description="null: no limit")
    metadata: dict[str, Any] = Field({}, description="your own notes, kept with the schedule")


class NewSchedule(ScheduleSettings):
    """Exactly one of cron_expression and scheduled_at is needed."""

    job_type: str = Field(description="which registered function runs")


class ScheduleChanges(ScheduleSettings):
    """What is left out stays. A cron expression replaces a time, and a time an expression."""


class Filtered(Page):
    status: Annotated[Status | None, BeforeValidator(empty_is_absent), or_empty(SCHEDULE_STATES)] = None
    job_type: Annotated[str | None, BeforeValidator(storable)] = None


class Count(Organization):
    count: Annotated[int, BeforeValidator(whole)] = Field(10, ge=1, le=MAX_TIMES)


class Schedules(Paged[ScheduleView]):
    """One page, newest first."""


class Runs(Paged[ScheduleRunView]):
    """One page, newest first."""


@routes.post(
    "",
    summary="Create a schedule",
    answers={201: ScheduleView},
    refuses=("QUOTA_EXCEEDED",),
    body=True,
    scope="send",
    idempotency=ONE_TRANSACTION,
)
def create(query: Organization, body: NewSchedule) -> tuple[ScheduleView, int]:
    """It is active at once; what cannot be used is refused now and never later."""
    return schedules.create_schedule(caller(), ScheduleDraft(**dict(body))), 201


@routes.get("", summary="List schedules, newest first", answers={200: Schedules}, scope="read")
def index(query: Filtered) -> Paged[ScheduleView]:
    """All, or those of one status or type."""
    found = schedules.list_schedules(
        caller(),
        status=query.status,
        job_type=query.job_type or None,
        page=query.page,
        page_size=query.page_size,
    )
    return paged(found, query)


@routes.get("/<schedule_id>", summary="Read a schedule", answers={200: ScheduleView}, scope="read")
def read(path: SchedulePath) -> ScheduleView:
    """With its rule in words, and when it runs next."""
    return schedules.read_schedule(caller(), path.schedule_id)


@routes.patch(
    "/<schedule_id>",
    summary="Change a schedule",
    answers={200: ScheduleView},
    refuses=("INVALID_STATUS",),
    body=True,
    scope="send",
)
def edit(path: SchedulePath, body: ScheduleChanges) -> ScheduleView:
    """A new rule counts from now on; one that is completed or cancelled stays as it is."""
    given = {name: value for name, value in body if name in body.model_fields_set}
    return schedules.edit_schedule(caller(), path.schedule_id, given)  # type: ignore[arg-type]


@routes.delete(
    "/<schedule_id>", summary="Delete a schedule", answers={204: None}, refuses=("INVALID_STATUS",), scope="write"
)
def delete(path: SchedulePath) -> tuple[str, int]:
    """With its runs; refused while one of them has not ended."""
    schedules.delete_schedule(caller(), path.schedule_id)
    return "", 204


@routes.post(
    "/<schedule_id>/pause",
    summary="Stop a schedule for now",
    answers={200: ScheduleView},
    refuses=("INVALID_STATUS",),
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def pause(path: SchedulePath) -> ScheduleView:
    """A run that has begun goes on."""
    return schedules.pause_schedule(caller(), path.schedule_id)


@routes.post(
    "/<schedule_id>/resume",
    summary="Let a paused or failed schedule run again",
    answers={200: ScheduleView},
    refuses=("INVALID_STATUS",),
    scope="send",
    idempotency=ONE_TRANSACTION,
)
def resume(path: SchedulePath) -> ScheduleView:
    """From its next time on; what came up meanwhile is not made up for."""
    return schedules.resume_schedule(caller(), path.schedule_id)


@routes.post(
    "/<schedule_id>/cancel",
    summary="End a schedule",
    answers={200: ScheduleView},
    refuses=("INVALID_STATUS",),
    scope="write",
    idempotency=ONE_TRANSACTION,
)
def cancel(path: SchedulePath) -> ScheduleView:
    """For good; its runs can still be read."""
    return schedules.cancel_schedule(caller(), path.schedule_id)


@routes.post(
    "/<schedule_id>/run-now",
    summary="Run an active schedule now",
    answers={202: ScheduleRunView},
    refuses=("INVALID_STATUS", "EXPIRED"),
    scope="send",
    idempotency=ONE_TRANSACTION,
)
def run_now(path: SchedulePath) -> tuple[ScheduleRunView, int]:
    """The next tick begins the run, and it counts like any other.

    Refused while another one, or what another one started, has not ended, and when the campaign has expired.
    """
    return schedules.run_schedule_now(caller(), path.schedule_id), 202


@routes.get("/<schedule_id>/runs", summary="List a schedule's runs, newest first", answers={200: Runs}, scope="read")
def runs(path: SchedulePath, query: Page) -> Paged[ScheduleRunView]:
    """With what became of each."""
    found = schedules.list_runs(caller(), path.schedule_id, page=query.page, page_size=query.page_size)
    return paged(found, query)


@routes.get("/<schedule_id>/next", summary="Show when a schedule runs next", answers={200: NextTimesView}, scope="read")
def following(path: SchedulePath, query: Count) -> NextTimesView:
    """In its own zone."""
    return schedules.next_times(caller(), path.schedule_id, count=query.count)
