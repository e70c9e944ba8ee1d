"""Schedules as tests make them and look at them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from models.database import row, rows
from models.schedules.schedule import Schedule
from scheduling.draft import ScheduleDraft
from scheduling.schedules import create_schedule

DAILY = "0 9 * * *"


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
