"""The periodic job: starts every campaign whose time has come (what that means is `dispatch/start/sweep.py`)."""

import redis
import structlog

from dispatch.caller import system_caller
from dispatch.process.lock import Lock
from dispatch.queues import connection
from dispatch.start.sweep import sweep_due
from models.database import db

log = structlog.get_logger()

# Keeps two sweeps from looking at the same pages; longer than nearly every sweep, short enough after a kill.
OVERLAP_KEY = "sweep:running"
OVERLAP_SECONDS = 60


def sweep() -> None:
    """Sweeps, unless another sweep is at it."""
    lock = Lock(connection(), OVERLAP_KEY, seconds=OVERLAP_SECONDS)
    try:
        if not lock.acquire():
            log.info("sweep.skipped")
            return
    except redis.RedisError as problem:
        log.warning("sweep.unlocked", problem=type(problem).__name__)
    try:
        with db.connection_context():
            sweep_due(system_caller())
    finally:
        lock.release()
