"""The queue as a worker reads it: whatever another program put into it is skipped with one line in the log."""

import re
from typing import Any

import redis
import structlog
from redis import Redis
from rq import Queue
from rq.exceptions import NoSuchJobError
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job

from dispatch.process.listed_job import ListedJob

log = structlog.get_logger()

# What our ids look like; RQ would fail on bytes that are no UTF-8, and takes a colon for a separator.
_JOB_ID = re.compile(rb"[A-Za-z0-9_-]{1,200}")


class TrustedQueue(Queue):
    """A queue from which only jobs of ours come."""

    @classmethod
    def lmove(cls, connection: Redis, queue_key: str, timeout: int | None) -> Any:
        """Returns the queue's key and the next id that may be one of ours; None, or RQ's time-out, if there is none."""
        while True:
            found = super().lmove(connection, queue_key, timeout)
            if found is None or _JOB_ID.fullmatch(found[1]):
                return found
            _skip(connection, queue_key, found[1], "its id is not one of ours")

    @classmethod
    def _fetch_dequeued_job(
        cls, connection: Redis, queue_key: str, job_id: str, *arguments: Any, **options: Any
    ) -> tuple[Job, Queue] | None:
        """Returns the job and its queue; None, which makes RQ take the next, when it cannot be read as one of ours."""
        queue = cls.from_queue_key(queue_key, connection=connection, job_class=ListedJob)
        try:
            job = ListedJob.fetch(job_id, connection=connection)
        except (redis.ConnectionError, redis.TimeoutError):
            raise
        except NoSuchJobError:
            _skip(connection, queue_key, job_id.encode(), "it is gone")
        except Exception as problem:
            _skip(connection, queue_key, job_id.encode(), type(problem).__name__)
        else:
            if job.origin == queue.name:
                return job, queue
            _skip(connection, queue_key, job_id.encode(), "it belongs to another queue")
        return None

    def move_dependents_to_ready(self, *arguments: Any, **options: Any) -> dict[str, list[str]]:
        """Returns none: no job of ours waits for another one, so those found in Redis are not ours."""
        return {}

    def enqueue_dependents(self, *arguments: Any, **options: Any) -> dict[str, list[str]]:
        """Queues none, for the same reason."""
        return {}


def mend_keys(connection: Redis, queue: str) -> None:
    """Deletes the queue's lists if something else stands under their names, which would stop every worker."""
    key = Queue(queue, connection=connection).key
    for name in (key, IntermediateQueue.get_intermediate_queue_key(key)):
        if connection.type(name) not in (b"none", b"list"):
            connection.delete(name)
            log.warning("queue.mended", key=name)


def _skip(connection: Redis, queue_key: str, job_id: bytes, reason: str) -> None:
    # redis-py sends bytes as they are, although its types say otherwise.
    connection.lrem(IntermediateQueue.get_intermediate_queue_key(queue_key), 0, job_id)  # type: ignore[arg-type]
    log.warning("job.skipped", job_id=job_id[:200].decode(errors="replace"), reason=reason)
