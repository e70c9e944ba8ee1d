"""Schedules as tests make them and look at them, and a clock that stands still."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from models.database import row, rows
from models.schedules.schedule import Schedule
from scheduling.draft import ScheduleDraft
from scheduling.schedules import create_schedule
from scheduling.tick import tick

DAILY = "0 9 * * *"
MONDAY = datetime(2030, 1, 7, 8, tzinfo=UTC)
NINE = MONDAY + timedelta(hours=1)
DAY = timedelta(days=1)


def a_draft(**chosen: Any) -> ScheduleDraft:
    """A daily schedule of the type "note", but for what is chosen."""
    rule = {} if {"cron_expression", "scheduled_at"} & chosen.keys() else {"cron_expression": DAILY}
    return ScheduleDraft(**{"job_type": "note", "job_payload": {"text": "hello"}, **rule, **chosen})


def a_schedule(account_id: UUID, **chosen: Any) -> Schedule:
    """Such a schedule, created."""
    return create_schedule(account_id, a_draft(**chosen), created_by="test")


def schedule_row(schedule_id: UUID) -> dict[str, Any]:
    """The schedule's row."""
    found = row("SELECT * FROM schedule WHERE id = %s", [schedule_id])
    assert found is not None
    return found


def runs_of(schedule_id: UUID) -> list[dict[str, Any]]:
    """The schedule's runs, oldest first."""
    return rows("SELECT * FROM schedule_run WHERE schedule_id = %s ORDER BY run_at", [schedule_id])


def statuses(schedule_id: UUID) -> list[tuple[datetime, str]]:
    """The time and the status of each of its runs."""
    return [(run["run_at"], run["status"]) for run in runs_of(schedule_id)]


@contextmanager
def stopped_clock() -> Iterator[None]:
    """Makes `now()` on this connection what `set_clock` says: a schema of ours is searched before PostgreSQL's own."""
    rows("CREATE SCHEMA IF NOT EXISTS stopped")
    rows(
        """CREATE OR REPLACE FUNCTION stopped.now() RETURNS timestamptz STABLE LANGUAGE sql
           AS $$ SELECT current_setting('tests.now')::timestamptz $$"""
    )
    rows("SET search_path = stopped, pg_catalog, public")
    try:
        yield
    finally:
        rows("RESET search_path")


def set_clock(time: datetime) -> None:
    """Sets the stopped clock."""
    rows("SELECT set_config('tests.now', %s, false)", [time.isoformat()])


def tick_at(time: datetime) -> dict[str, int]:
    """Ticks at that time of the stopped clock."""
    set_clock(time)
    return tick()
