"""What becomes of a time that comes up: run now, or too late and passed over, as the schedule's misfire rule says."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.schedules.schedule import Schedule
from scheduling.draft import rule_of
from scheduling.rule import latest, next_after

_AN_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Step:
    """How a due schedule goes on."""

    #: The time to run for now, or None.
    run_at: datetime | None
    #: The first of the times that are passed over, or None.
    skipped_at: datetime | None
    #: When the schedule is due next, or None.
    next_run_at: datetime | None


def next_step(schedule: Schedule, due: datetime, now: datetime) -> Step:
    """Returns how a schedule goes on that has been due since `due`.

    Times within the grace all run, one after the other. Of those before it, the last few run: none with `skip`, one
    with `run_once`, up to catch_up_limit with `run_all`.
    """
    rule = rule_of(schedule)
    in_time = now - timedelta(seconds=schedule.grace_sec)
    if due >= in_time:
        return Step(due, None, next_after(rule, due))
    most = {"skip": 0, "run_once": 1}.get(schedule.misfire, schedule.catch_up_limit or 0)
    late = latest(rule, most, since=due, before=in_time)
    first = late[0] if late else next_after(rule, in_time - _AN_INSTANT)
    skipped_at = due if first != due else None
    if first is None or first > now:
        return Step(None, skipped_at, first)
    return Step(first, skipped_at, next_after(rule, first))
