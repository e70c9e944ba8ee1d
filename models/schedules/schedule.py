"""Schedules: what is run, when, and how far it has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from psycopg.types.json import Jsonb

from models.database import changed, row, rows
from models.page import Page, read_page
from models.row import JsonObject, Row
from models.tenancy import Tenant, owned_by
from models.turns import HAD, Turns

# What a person decides of a schedule.
_CHOSEN = (
    *("job_type", "job_payload", "cron_expression", "scheduled_at", "timezone"),
    *("misfire", "grace_sec", "catch_up_limit", "max_runs", "metadata"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(Row):
    """One function of an account's, to be run once or again and again."""

    id: UUID
    account_id: UUID
    job_type: str
    #: JSON that the function of this type understands.
    job_payload: JsonObject
    cron_expression: str | None
    scheduled_at: datetime | None
    timezone: str
    #: What becomes of runs that are later than the grace: `skip`, `run_once` or `run_all`.
    misfire: str
    grace_sec: int
    #: How many late runs `run_all` makes up for.
    catch_up_limit: int | None
    max_runs: int | None
    #: JSON of the creator's own.
    metadata: JsonObject
    status: str
    #: None unless it is active; also while its last run has not ended.
    next_run_at: datetime | None
    last_run_at: datetime | None
    run_count: int
    #: Failed runs in a row.
    failures: int
    #: Why it failed.
    reason: str | None
    created_by: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def add(
        cls, account_id: UUID, chosen: Mapping[str, Any], *, next_run_at: datetime | None, created_by: str
    ) -> "Schedule | None":
        """Inserts an active schedule; None when there is no such account."""
        return row(
            f"""INSERT INTO schedule (account_id, {", ".join(_CHOSEN)}, next_run_at, created_by)
                SELECT id, {", ".join(f"%({name})s" for name in _CHOSEN)}, %(next_run_at)s, %(created_by)s
                FROM account WHERE id = %(account)s RETURNING *""",
            {**_storable(chosen), "account": account_id, "next_run_at": next_run_at, "created_by": created_by},
            into=cls,
        )

    @classmethod
    def find(cls, schedule_id: UUID, tenant: Tenant, *, lock: bool = False) -> "Schedule | None":
        """Returns the schedule, or None when there is none or it is not the tenant's.

        With `lock` no other process can change it until the transaction ends.
        """
        return row(
            f"SELECT * FROM schedule WHERE id = %(id)s AND {owned_by(tenant)} {'FOR UPDATE' if lock else ''}",
            {"id": schedule_id, "account": tenant},
            into=cls,
        )

    @classmethod
    def by_id(cls, schedule_ids: Sequence[UUID]) -> "dict[UUID, Schedule]":
        """Returns these schedules, which the caller has found in rows of their tenant."""
        if not schedule_ids:
            return {}
        found = rows("SELECT * FROM schedule WHERE id = ANY(%s)", [list(schedule_ids)], into=cls)
        return {each.id: each for each in found}

    @classmethod
    def lock_due(cls, job_types: Sequence[str], *, limit: int, turns: Turns) -> "list[Schedule]":
        """Locks and returns active schedules of these types whose time has come, unless another process has them.

        It returns one of each account, then the next of each; an account that has had `turns` comes as many turns
        later. A schedule with a run that has not ended waits for it.
        """
        return rows(
            f"""WITH due AS MATERIALIZED (
                  SELECT id, row_number() OVER (PARTITION BY account_id ORDER BY next_run_at, id)
                             + coalesce(turns, 0) AS place
                  FROM schedule LEFT JOIN {HAD} USING (account_id)
                  WHERE status = 'active' AND next_run_at <= now() AND job_type = ANY(%(types)s)
                    AND NOT EXISTS (SELECT FROM schedule_run WHERE schedule_id = schedule.id
                                    AND schedule_run.status IN ('pending', 'running')))
                SELECT schedule.* FROM schedule JOIN due USING (id)
                WHERE status = 'active' AND next_run_at <= now()
                ORDER BY place, next_run_at LIMIT %(limit)s FOR UPDATE OF schedule SKIP LOCKED""",
            {"types": list(job_types), "limit": limit, **turns.had()},
            into=cls,
        )

    @classmethod
    def unknown_types_due(cls, job_types: Sequence[str]) -> list[str]:
        """Returns the types, other than these, of active schedules whose time has come."""
        found = rows(
            """SELECT DISTINCT job_type FROM schedule
               WHERE status = 'active' AND next_run_at <= now() AND job_type <> ALL(%s) ORDER BY job_type""",
            [list(job_types)],
        )
        return [each["job_type"] for each in found]

    @classmethod
    def page(
        cls, tenant: Tenant, *, status: str | None, job_type: str | None, page: int, page_size: int
    ) -> "Page[Schedule]":
        """One page of the tenant's schedules, newest first; of one status or type, unless it is None."""
        wanted = {name: value for name, value in (("status", status), ("job_type", job_type)) if value is not None}
        conditions = [owned_by(tenant), *(f"{name} = %({name})s" for name in wanted)]
        return read_page(
            f"SELECT * FROM schedule WHERE {' AND '.join(conditions)}",
            {**wanted, "account": tenant},
            order="created_at DESC, id",
            page=page,
            page_size=page_size,
            into=cls,
        )

    def edit(self, chosen: Mapping[str, Any], *, next_run_at: datetime | None) -> Self:
        """Stores what has been chosen now and when the locked schedule is due next."""
        return self._set(_storable(chosen) | {"next_run_at": next_run_at})

    def move(self, status: str, *, next_run_at: datetime | None = None, reason: str | None = None) -> Self:
        """Moves the locked schedule to a status; a failure that was counted is forgotten when it is active again."""
        failures = 0 if status == "active" else self.failures
        return self._set({"status": status, "next_run_at": next_run_at, "reason": reason, "failures": failures})

    def count_run(self, *, succeeded: bool, failures: int) -> Self:
        """Counts a run of the locked schedule that ended."""
        return self._set({"run_count": self.run_count + 1, "failures": failures}, also=_LAST_RUN if succeeded else "")

    @classmethod
    def move_on(cls, moved: Sequence[tuple[UUID, datetime | None]]) -> None:
        """Writes the next time of each of these locked schedules."""
        changed(
            """UPDATE schedule SET next_run_at = moved.next_run_at, updated_at = now()
               FROM unnest(%s::uuid[], %s::timestamptz[]) AS moved (id, next_run_at) WHERE schedule.id = moved.id""",
            [[each for each, _ in moved], [time for _, time in moved]],
        )

    def remove(self) -> None:
        """Deletes the locked schedule and its runs."""
        changed("DELETE FROM schedule WHERE id = %s", [self.id])

    def _set(self, values: Mapping[str, Any], *, also: str = "") -> Self:
        found = row(
            f"""UPDATE schedule SET {", ".join(f"{name} = %({name})s" for name in values)}, updated_at = now() {also}
                WHERE id = %(id)s RETURNING *""",
            {**values, "id": self.id},
            into=type(self),
        )
        if found is None:
            raise LookupError("a locked schedule is gone")
        return found


_LAST_RUN = ", last_run_at = now()"


def _storable(chosen: Mapping[str, Any]) -> dict[str, Any]:
    return {name: Jsonb(value) if isinstance(value, dict) else value for name, value in chosen.items()}
