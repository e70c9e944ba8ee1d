"""Whether this deployment works, for platforms and people; needs no key and reveals nothing that would need one."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Literal

import structlog
from flask import Blueprint

from api.http.connection import connect
from api.http.errors import UNAVAILABLE
from dispatch import queues
from dispatch.errors import NotMigrated
from dispatch.formats.view import Time, View
from dispatch.process.schema import check_schema
from models.failures import DATABASE_ERRORS
from models.heartbeat import Heartbeat
from models.unreachable import why_unreachable

log = structlog.get_logger()

blueprint = Blueprint("health", __name__)


class Check(View):
    """Whether something works, and what is to be done about it, or was noticed."""

    status: Literal["healthy", "unhealthy"]
    message: str | None = None


class Checks(View):
    """What this process needs."""

    database: Check
    queue: Check


class Workers(View):
    """The workers that are alive, by the queue they serve; `missing` if a queue has none."""

    status: Literal["healthy", "missing", "unknown"]
    alive: dict[str, int] | None = None


class Sweepers(View):
    """The sweepers that are alive."""

    status: Literal["healthy", "missing", "unknown"]
    alive: int | None = None


class Health(View):
    """The answer of /health; what is not known is left out."""

    status: Literal["healthy", "unhealthy"]
    checks: Checks
    workers: Workers
    sweepers: Sweepers
    timestamp: Time


@blueprint.get("/health")
def health() -> tuple[dict[str, Any], int]:
    """Checks the database and the queue, which web needs, and counts the live workers and sweepers."""
    database, living = _database()
    queue = _queue()
    healthy = database.status == queue.status == "healthy"
    answer = Health(
        status="healthy" if healthy else "unhealthy",
        checks=Checks(database=database, queue=queue),
        workers=_workers(living),
        sweepers=_sweepers(living),
        timestamp=datetime.now(UTC),
    )
    return answer.model_dump(mode="json", exclude_none=True), 200 if healthy else UNAVAILABLE


@blueprint.get("/health/live")
def live() -> dict[str, str]:
    """Says only that this web process answers: the restart check for platforms, unaffected by failures elsewhere."""
    return {"status": "healthy", "timestamp": datetime.now(UTC).isoformat()}


def _queue() -> Check:
    problem = queues.problem()
    return Check(status="unhealthy", message=problem) if problem else Check(status="healthy")


def _database() -> tuple[Check, list[Heartbeat] | None]:
    """Returns how the database is, and the heartbeats in it; None if they cannot be read."""
    try:
        connect()
        return Check(status="healthy", message=check_schema()), Heartbeat.living()
    except NotMigrated as problem:
        return Check(status="unhealthy", message=problem.message), None
    except DATABASE_ERRORS as problem:
        why = why_unreachable(problem)
        log.warning("health.database_unavailable", problem=why or type(problem).__name__)
        return Check(status="unhealthy", message=why or "PostgreSQL does not answer."), None


def _workers(living: list[Heartbeat] | None) -> Workers:
    if living is None:
        return Workers(status="unknown")
    of_queue = Counter(beat.queue for beat in living if beat.kind == "worker" and beat.queue)
    missing = [name for name in set(queues.JOBS.values()) if not of_queue[name]]
    return Workers(status="missing" if missing else "healthy", alive=dict(of_queue))


def _sweepers(living: list[Heartbeat] | None) -> Sweepers:
    if living is None:
        return Sweepers(status="unknown")
    alive = sum(beat.kind == "sweeper" for beat in living)
    return Sweepers(status="healthy" if alive else "missing", alive=alive)
