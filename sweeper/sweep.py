"""The periodic job that starts every campaign that is due; `dispatch/start/sweep.py` decides which are."""

import redis
import structlog

from dispatch.caller import system_caller
from dispatch.metrics import tally
from dispatch.process.lock import Lock
from dispatch.queues import JOB_TIMEOUT_SEC, connection
from dispatch.start.sweep import sweep_due
from models.database import db

log = structlog.get_logger()

# Keeps two sweeps from reading the same pages.
OVERLAP_KEY = "sweep:running"
# How many campaigns are being started at any moment. A start waits for the database most of the time.
AT_ONCE = 8


def sweep() -> None:
    """Sweeps, unless another sweep is running."""
    lock = Lock(connection(), OVERLAP_KEY, seconds=JOB_TIMEOUT_SEC)
    try:
        if not lock.acquire():
            since = lock.holder.since and lock.holder.since.isoformat()
            tally.add({"sweeps": {"skipped": 1}})
            log.info("sweep.skipped", holder=lock.holder.name, since=since)
            return
    except redis.RedisError as problem:
        log.warning("sweep.unlocked", problem=type(problem).__name__)
    try:
        with db.connection_context():
            sweep_due(system_caller(), at_once=AT_ONCE)
    finally:
        lock.release()
