"""Whether this deployment works, for platforms and people; open, without anything that would need a key."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import structlog
from flask import Blueprint

from api.http.connection import connect
from api.http.errors import DATABASE_ERRORS, UNAVAILABLE
from dispatch import queues
from models.heartbeat import Heartbeat

log = structlog.get_logger()

blueprint = Blueprint("health", __name__)

Check = dict[str, Any]


@blueprint.get("/health")
def health() -> tuple[Check, int]:
    """The database and the queue, which this process needs, and the workers and sweepers that are alive."""
    living = _living()
    checks = {
        "database": {"status": "unhealthy", "message": "PostgreSQL does not answer"}
        if living is None
        else {"status": "healthy"},
        "queue": {"status": "healthy"}
        if queues.ready()
        else {"status": "unhealthy", "message": "Redis does not answer"},
    }
    healthy = all(check["status"] == "healthy" for check in checks.values())
    answer = {
        "status": "healthy" if healthy else "unhealthy",
        "checks": checks,
        **_processes(living),
        "timestamp": datetime.now(UTC).isoformat(),
    }
    return answer, 200 if healthy else UNAVAILABLE


@blueprint.get("/health/live")
def live() -> Check:
    """Whether this web process answers: the check for platforms, so that no failure elsewhere restarts it."""
    return {"status": "healthy", "timestamp": datetime.now(UTC).isoformat()}


def _living() -> list[Heartbeat] | None:
    try:
        connect()
        return Heartbeat.living()
    except DATABASE_ERRORS as problem:
        log.warning("health.database_unavailable", problem=type(problem).__name__)
        return None


def _processes(living: list[Heartbeat] | None) -> dict[str, Check]:
    """Returns how many workers and sweepers are alive; unknown without a database."""
    if living is None:
        return {"workers": {"status": "unknown"}, "sweepers": {"status": "unknown"}}
    of_queue = Counter(beat.queue for beat in living if beat.kind == "worker")
    sweepers = sum(beat.kind == "sweeper" for beat in living)
    missing = [name for name in set(queues.JOBS.values()) if not of_queue[name]]
    workers: Check = {"status": "missing" if missing else "healthy", "alive": dict(of_queue)}
    return {
        "workers": workers,
        "sweepers": {"status": "healthy" if sweepers else "missing", "alive": sweepers},
    }
