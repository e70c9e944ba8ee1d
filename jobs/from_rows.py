"""What workers do while Redis is away: they find their work in the rows until they can return to their queue."""

from collections.abc import Callable

import redis
import structlog

from config.stopping import stopping
from dispatch.process.trusted_queue import TrustedQueue
from dispatch.queues import PREPARE, SEND, connection
from dispatch.runs.from_rows import prepare_next, send_next
from jobs.queue_worker import wait_for_database
from jobs.send import courier
from models.failures import DATABASE_ERRORS

log = structlog.get_logger()

# How often a worker that has nothing to do looks at the rows, and asks whether Redis is back.
LOOK_EVERY_SEC = 0.25
# Written to see whether a worker can register; nothing reads it.
PROBE_KEY = "campaign-dispatch:probe"


def work_from_rows(queue: str) -> None:
    """Does one piece of the queue's work after the other until Redis can be used or the process is asked to stop.

    The house worker only waits; docs/why.md says why.
    """
    while not stopping().asked:
        wait_for_database()
        if not _tried(_WORK.get(queue, _nothing)):
            stopping().wait(LOOK_EVERY_SEC)
        if _redis_is_usable():
            log.info("worker.found_redis")
            return


def _tried(work: Callable[[], bool]) -> bool:
    try:
        return work()
    except DATABASE_ERRORS as problem:
        log.warning("rows.put_off", problem=type(problem).__name__)
    except Exception:
        log.exception("rows.failed")
    return False


def _send() -> bool:
    return send_next(courier(), TrustedQueue.turns)


def _nothing() -> bool:
    return False


_WORK: dict[str, Callable[[], bool]] = {SEND: _send, PREPARE: prepare_next}


def _redis_is_usable() -> bool:
    """Returns whether Redis answers and takes writes; one that is full, or a replica, only answers."""
    try:
        connection().set(PROBE_KEY, b"", px=1000)
    except redis.RedisError:
        return False
    return True
