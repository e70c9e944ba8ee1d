"""What a person chooses of a schedule, and what of it cannot be used."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Literal, TypedDict, get_args
from uuid import UUID

from models.schedules.schedule import Schedule
from scheduling.cron import checked_cron, read_cron
from scheduling.errors import InvalidSchedule
from scheduling.registry import check_job, misfire_of
from scheduling.rule import Once, Recurring, Rule
from scheduling.zones import zone_called

Misfire = Literal["skip", "run_once", "run_all"]

MAX_RUNS = 1_000_000_000
MAX_GRACE_SEC = 31 * 24 * 3600
MAX_CATCH_UP = 1000
CATCH_UP = 10
# Later times help no one, and calendars end.
LAST_YEAR = 9000


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleDraft:
    """A schedule that is still to be checked; exactly one of `cron_expression` and `scheduled_at` is given."""

    job_type: str
    job_payload: Mapping[str, Any]
    cron_expression: str | None = None
    scheduled_at: datetime | None = None
    timezone: str = "UTC"
    #: What becomes of runs that are more than `grace_sec` late: none, the last one, or the last `catch_up_limit`.
    #: None: the rule of its type.
    misfire: str | None = None
    grace_sec: int = 300
    catch_up_limit: int | None = None
    #: None: no limit.
    max_runs: int | None = None
    #: The creator's own notes, kept with the schedule.
    metadata: Mapping[str, Any] | None = None

    def values(self) -> dict[str, Any]:
        """Returns the columns of the row."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class Changes(TypedDict, total=False):
    """What a person changes; what is left out stays. A cron expression replaces a time, and a time an expression."""

    job_payload: Mapping[str, Any]
    cron_expression: str | None
    scheduled_at: datetime | None
    timezone: str
    misfire: str | None
    grace_sec: int
    catch_up_limit: int | None
    max_runs: int | None
    metadata: Mapping[str, Any]


def checked(draft: ScheduleDraft, account_id: UUID) -> ScheduleDraft:
    """Returns the draft as it is stored; InvalidSchedule with the first thing that cannot be used."""
    check_job(draft.job_type, account_id, draft.job_payload)
    if (draft.cron_expression is None) == (draft.scheduled_at is None):
        raise InvalidSchedule("Give either cron_expression or scheduled_at.", field="cron_expression")
    zone_called(draft.timezone)
    if draft.cron_expression is not None:
        checked_cron(draft.cron_expression)
        draft = replace(draft, cron_expression=" ".join(draft.cron_expression.split()))
    if draft.scheduled_at is not None:
        draft = replace(draft, scheduled_at=_utc(draft.scheduled_at))
    draft = replace(draft, misfire=misfire_of(draft.job_type) if draft.misfire is None else draft.misfire)
    if draft.misfire not in get_args(Misfire):
        raise InvalidSchedule(f"misfire: use one of {', '.join(get_args(Misfire))}.", field="misfire")
    _check_range(draft.grace_sec, 0, MAX_GRACE_SEC, field="grace_sec")
    if draft.misfire == "run_all":
        draft = replace(draft, catch_up_limit=CATCH_UP if draft.catch_up_limit is None else draft.catch_up_limit)
        _check_range(draft.catch_up_limit, 1, MAX_CATCH_UP, field="catch_up_limit")
    elif draft.catch_up_limit is not None:
        raise InvalidSchedule("catch_up_limit: it goes with misfire run_all only.", field="catch_up_limit")
    _check_range(draft.max_runs, 1, MAX_RUNS, field="max_runs")
    if draft.max_runs is not None and draft.cron_expression is None:
        raise InvalidSchedule("max_runs: it goes with cron_expression only.", field="max_runs")
    return replace(draft, metadata=draft.metadata or {})


def draft_of(schedule: Schedule) -> ScheduleDraft:
    """Returns what was chosen of a schedule."""
    return ScheduleDraft(**{field.name: getattr(schedule, field.name) for field in fields(ScheduleDraft)})


def changed_draft(draft: ScheduleDraft, changes: Changes) -> ScheduleDraft:
    """Returns the draft with the changes, and without what they replace."""
    given: dict[str, Any] = {**changes}
    if given.get("cron_expression") is not None:
        given.setdefault("scheduled_at", None)
    if given.get("scheduled_at") is not None:
        given.setdefault("cron_expression", None)
    if given.get("cron_expression", draft.cron_expression) is None:
        given.setdefault("max_runs", None)
    if given.get("misfire", draft.misfire) != "run_all":
        given.setdefault("catch_up_limit", None)
    return replace(draft, **given)


def rule_of(chosen: ScheduleDraft | Schedule) -> Rule:
    """Returns when a schedule, which has been checked, is due."""
    zone = zone_called(chosen.timezone)
    if chosen.cron_expression is not None:
        return Recurring(read_cron(chosen.cron_expression), zone)
    if chosen.scheduled_at is None:
        raise LookupError("a schedule has neither a cron expression nor a time")
    return Once(chosen.scheduled_at, zone)


def _utc(time: datetime) -> datetime:
    if time.utcoffset() is None:
        example = "2030-01-31T09:00:00+02:00"
        raise InvalidSchedule(f"scheduled_at: it has no time zone; write it like {example}.", field="scheduled_at")
    try:
        time = time.astimezone(UTC)
    except OverflowError:
        time = time.max.replace(tzinfo=UTC)
    if time.year > LAST_YEAR:
        raise InvalidSchedule("scheduled_at: it is more than a few thousand years away.", field="scheduled_at")
    return time


def _check_range(number: int | None, least: int, most: int, *, field: str) -> None:
    if number is not None and not least <= number <= most:
        raise InvalidSchedule(f"{field}: it must be from {least} to {most}.", field=field)
