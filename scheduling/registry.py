"""Which function runs for which type of job: registered at the start of a process, looked up at each run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models.schedules.schedule import Schedule
from scheduling.errors import InvalidSchedule, WrongState

MAX_JOB_TYPE = 100


@dataclass(frozen=True, slots=True)
class Job:
    """What a handler is told. After a crash it may be called again with the same schedule_id and run_at."""

    account_id: UUID
    payload: Mapping[str, Any]
    schedule_id: UUID
    #: The time that the run stands for.
    run_at: datetime
    #: 1 for the first call.
    attempt: int


class Busy(Exception):
    """A handler raises it, with a sentence, while what an earlier run began still goes on.

    With the misfire rule skip the run is skipped; with the others it waits until the handler no longer raises this.
    """


class Skipped(Exception):
    """A handler raises it, with a sentence, when there is nothing to do this time."""


# Returns when the job is done. Busy and Skipped are answers too; whatever else it raises is a failure, and it is called
# again later.
Handler = Callable[[Job], None]
# Raises ValueError, with a sentence for people, when the handler could not use the payload.
Check = Callable[[UUID, Mapping[str, Any]], None]
# Called with a schedule before and after each change, in the change's transaction; None before its creation and after
# its deletion. Raises ValueError, with a sentence for people, to refuse what a person asks; a tick cannot be refused.
Follow = Callable[[Schedule | None, Schedule | None], None]
# Called with a schedule that a person asks to run now, in the transaction that records the run. Raises ValueError, with
# a sentence for people, or an error of its own when the run would be skipped.
MayRun = Callable[[Schedule], None]


@dataclass(frozen=True, slots=True)
class _Registered:
    handler: Handler
    check: Check | None
    follow: Follow | None
    may_run: MayRun | None
    misfire: str


_registered: dict[str, _Registered] = {}


def register(
    job_type: str,
    handler: Handler,
    *,
    check: Check | None = None,
    follow: Follow | None = None,
    may_run: MayRun | None = None,
    misfire: str = "run_once",
) -> None:
    """Makes schedules of this type call the handler; every process that creates, changes or runs them registers it.

    `misfire` is the rule of those that name none. ValueError for a type that is registered already.
    """
    if not 1 <= len(job_type) <= MAX_JOB_TYPE:
        raise ValueError(f"a job type has 1 to {MAX_JOB_TYPE} characters")
    if job_type in _registered:
        raise ValueError(f"the job type {job_type!r} is registered already")
    _registered[job_type] = _Registered(handler, check, follow, may_run, misfire)


def known_types() -> list[str]:
    """Returns the registered types in order."""
    return sorted(_registered)


def handler_of(job_type: str) -> Handler:
    """Returns the handler of a registered type."""
    return _registered[job_type].handler


def misfire_of(job_type: str) -> str:
    """Returns the misfire rule of schedules of a registered type that name none."""
    return _registered[job_type].misfire


def follow(before: Schedule | None, after: Schedule | None) -> None:
    """Tells the schedule's type what became of it; ValueError when the type refuses that."""
    schedule = after or before
    found = _registered.get(schedule.job_type) if schedule else None
    if found and found.follow:
        found.follow(before, after)


def check_run(schedule: Schedule) -> None:
    """Refuses to run the schedule now, as its type does, when the run would be skipped."""
    found = _registered.get(schedule.job_type)
    if found and found.may_run:
        try:
            found.may_run(schedule)
        except ValueError as refused:
            raise WrongState(str(refused)) from None


def check_job(job_type: str, account_id: UUID, payload: Mapping[str, Any]) -> None:
    """Refuses a type that is not registered, and a payload that its handler could not use."""
    found = _registered.get(job_type)
    if found is None:
        known = ", ".join(known_types()) or "none yet"
        raise InvalidSchedule(f"job_type: there is no type {job_type[:60]!r}; known: {known}.", field="job_type")
    if found.check:
        try:
            found.check(account_id, payload)
        except ValueError as problem:
            raise InvalidSchedule(f"job_payload: {problem}", field="job_payload") from None
