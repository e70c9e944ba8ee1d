"""Runs of schedules: recorded before they begin, held under a lease while they go on, kept when they have ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from models.database import changed, row, rows
from models.page import Page, read_page
from models.row import Row
from models.turns import HAD, Turns

RUN_STATES = ("pending", "running", "succeeded", "failed", "skipped", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRun(Row):
    """One run of a schedule; there is one for each time it is due, however many processes look."""

    schedule_id: UUID
    #: The time it stands for, which is not later than when it begins.
    run_at: datetime
    #: One of RUN_STATES.
    status: str
    #: How often it was begun.
    attempt: int
    #: Its holder may record the outcome; None unless the run is running.
    token: UUID | None
    #: When it may be taken: after a failure, or when the lease of its holder has ended.
    due_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    error: str | None

    @classmethod
    def record(cls, due: Sequence[tuple[UUID, datetime]]) -> set[UUID]:
        """Records runs that are to begin; returns the schedules of those that no other process has recorded."""
        found = rows(
            """INSERT INTO schedule_run (schedule_id, run_at, status)
               SELECT schedule_id, run_at, 'pending'
               FROM unnest(%s::uuid[], %s::timestamptz[]) AS due (schedule_id, run_at)
               ON CONFLICT DO NOTHING RETURNING schedule_id""",
            [[schedule_id for schedule_id, _ in due], [run_at for _, run_at in due]],
        )
        return {each["schedule_id"] for each in found}

    @classmethod
    def record_skipped(cls, late: Sequence[tuple[UUID, datetime, str]]) -> None:
        """Records runs that were too late to begin, with the reason."""
        changed(
            """INSERT INTO schedule_run (schedule_id, run_at, status, ended_at, error)
               SELECT schedule_id, run_at, 'skipped', now(), error
               FROM unnest(%s::uuid[], %s::timestamptz[], %s::text[]) AS late (schedule_id, run_at, error)
               ON CONFLICT DO NOTHING""",
            [[each[0] for each in late], [each[1] for each in late], [each[2] for each in late]],
        )

    @classmethod
    def record_now(cls, schedule_id: UUID) -> "ScheduleRun | None":
        """Records a run for this moment; None while another one has not ended."""
        return row(
            """INSERT INTO schedule_run (schedule_id, run_at, status) VALUES (%s, now(), 'pending')
               ON CONFLICT DO NOTHING RETURNING *""",
            [schedule_id],
            into=cls,
        )

    @classmethod
    def take(cls, job_types: Sequence[str], *, lease_sec: float, turns: Turns) -> "ScheduleRun | None":
        """Takes a run of an active schedule that waits to begin, or whose holder's lease has ended.

        It is the oldest of the account that has had the fewest `turns`.
        """
        return row(
            f"""WITH taken AS (
                   SELECT run.schedule_id, run.run_at
                   FROM schedule_run AS run JOIN schedule ON schedule.id = schedule_id
                   LEFT JOIN {HAD} ON had.account_id = schedule.account_id
                   WHERE run.status IN ('pending', 'running') AND run.due_at <= now()
                     AND schedule.status = 'active' AND job_type = ANY(%(types)s)
                   ORDER BY coalesce(had.turns, 0), run.due_at LIMIT 1 FOR UPDATE OF run SKIP LOCKED)
               UPDATE schedule_run AS run SET status = 'running', attempt = attempt + 1, token = gen_random_uuid(),
                      due_at = now() + make_interval(secs => %(lease)s), started_at = coalesce(started_at, now())
               FROM taken WHERE run.schedule_id = taken.schedule_id AND run.run_at = taken.run_at RETURNING run.*""",
            {"types": list(job_types), "lease": lease_sec, **turns.had()},
            into=cls,
        )

    @classmethod
    def cancel_waiting(cls, schedule_id: UUID) -> None:
        """Ends the schedule's run that has not begun, or not again, and gives up the outcome of one that goes on."""
        changed(
            """UPDATE schedule_run SET status = 'cancelled', ended_at = now(), token = NULL,
                      error = CASE WHEN status = 'running' THEN 'cancelled while it went on; it may have been done'
                                   ELSE error END
               WHERE schedule_id = %s AND status IN ('pending', 'running')""",
            [schedule_id],
        )

    @classmethod
    def unfinished(cls, schedule_id: UUID) -> bool:
        """Whether the schedule has a run that has not ended."""
        sql = "SELECT 1 FROM schedule_run WHERE schedule_id = %s AND status IN ('pending', 'running')"
        return row(sql, [schedule_id]) is not None

    @classmethod
    def page(cls, schedule_id: UUID, *, page: int, page_size: int) -> "Page[ScheduleRun]":
        """One page of the schedule's runs, newest first."""
        return read_page(
            "SELECT * FROM schedule_run WHERE schedule_id = %(id)s",
            {"id": schedule_id},
            order="run_at DESC",
            page=page,
            page_size=page_size,
            into=cls,
        )

    @classmethod
    def forget_old(cls, *, keep_days: int, limit: int) -> int:
        """Deletes runs that ended longer ago, the oldest first, but never a schedule's last; returns how many."""
        return changed(
            """WITH old AS (
                   SELECT schedule_id, run_at FROM schedule_run AS run
                   WHERE ended_at < now() - make_interval(days => %(days)s)
                     AND EXISTS (SELECT FROM schedule_run AS later
                                 WHERE later.schedule_id = run.schedule_id AND later.run_at > run.run_at)
                   ORDER BY ended_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
               DELETE FROM schedule_run AS run USING old
               WHERE run.schedule_id = old.schedule_id AND run.run_at = old.run_at""",
            {"days": keep_days, "limit": limit},
        )

    def renew(self, *, lease_sec: float) -> None:
        """Prolongs the lease of its holder."""
        changed(
            f"UPDATE schedule_run SET due_at = now() + make_interval(secs => %(lease)s) WHERE {_HELD}",
            {**self._held, "lease": lease_sec},
        )

    def end(self, status: str, *, error: str | None = None) -> bool:
        """Records its outcome; False when it is no longer its holder's."""
        return bool(
            changed(
                f"""UPDATE schedule_run SET status = %(status)s, token = NULL, ended_at = now(), error = %(error)s
                    WHERE {_HELD}""",
                {**self._held, "status": status, "error": error},
            )
        )

    def put_back(self, *, error: str, wait_sec: float) -> bool:
        """Lets it wait for its next attempt; False when it is no longer its holder's."""
        return bool(
            changed(
                f"""UPDATE schedule_run SET status = 'pending', token = NULL, error = %(error)s,
                           due_at = now() + make_interval(secs => %(wait)s) WHERE {_HELD}""",
                {**self._held, "error": error, "wait": wait_sec},
            )
        )

    def wait(self, *, reason: str, wait_sec: float) -> bool:
        """Lets it wait as if it had not been begun; False when it is no longer its holder's."""
        return bool(
            changed(
                f"""UPDATE schedule_run SET status = 'pending', token = NULL, error = %(reason)s, attempt = attempt - 1,
                           due_at = now() + make_interval(secs => %(wait)s) WHERE {_HELD}""",
                {**self._held, "reason": reason, "wait": wait_sec},
            )
        )

    @property
    def _held(self) -> dict[str, Any]:
        return {"id": self.schedule_id, "run_at": self.run_at, "token": self.token}


_HELD = "schedule_id = %(id)s AND run_at = %(run_at)s AND status = 'running' AND token = %(token)s"
