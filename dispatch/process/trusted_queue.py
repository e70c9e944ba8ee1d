"""The queue as a worker reads it: whatever another program put into it is skipped with one line in the log."""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from time import monotonic
from typing import Any, ClassVar
from uuid import UUID

import redis
import structlog
from redis import Redis
from rq import Queue
from rq.exceptions import NoSuchJobError, StopRequested
from rq.intermediate_queue import IntermediateQueue
from rq.job import Job

from dispatch.process.listed_job import ListedJob
from dispatch.queues import MOST_OF_ID, account_of
from models.turns import Turns

log = structlog.get_logger()

# What our ids look like; RQ would fail on bytes that are no UTF-8, and takes a colon for a separator.
_JOB_ID = re.compile(rb"[A-Za-z0-9_-]{1,%d}" % MOST_OF_ID)


# Takes one waiting job, if it is still there, in the way in which RQ takes the first: with a copy until it is done.
_TAKE = """
if redis.call('lrem', KEYS[1], 1, ARGV[1]) == 0 then return 0 end
return redis.call('rpush', KEYS[2], ARGV[1])
"""
# A worker that is killed while it tidies up keeps the others from that for this long; RQ's own lock stands for 15 min.
MAINTENANCE_LOCK_SEC = 30
# What an account has had counts half after this long.
FADE_EVERY_SEC = 10.0


class TrustedQueue(Queue):
    """A queue from which only jobs of ours come, those of the account with the fewest turns of this worker first."""

    turns: ClassVar[Turns] = Turns()
    #: What waited when this worker last looked, the job that it took included.
    waited: ClassVar[list[bytes]] = []
    _fade_at: ClassVar[float] = 0.0

    @classmethod
    def lmove(cls, connection: Redis, queue_key: str, timeout: int | None) -> Any:
        """Returns the queue's key and the next id that may be one of ours; None, or RQ's time-out, if there is none."""
        while True:
            found = cls._by_turn(connection, queue_key) or super().lmove(connection, queue_key, timeout)
            if found is None or _JOB_ID.fullmatch(found[1]):
                return found
            _skip(connection, queue_key, found[1], "its id is not one of ours")

    @classmethod
    def take_along(cls, connection: Redis, name: str) -> Job | None:
        """Returns the job whose turn it is, for a worker that is not done with another one; None if none waits.

        It is without RQ's bookkeeping, of 28 commands. If the worker is killed, recovery finds the work in the rows.
        """
        queue_key = f"{cls.redis_queue_namespace_prefix}{name}"
        while first := cls._first_of_each(connection, queue_key):
            chosen = cls._whose_turn(first)
            taken = connection.lrem(queue_key, 1, chosen)  # type: ignore[arg-type]  # bytes, as in `_skip`
            if taken and (found := cls._fetch_dequeued_job(connection, queue_key, chosen.decode())):
                connection.delete(found[0].key)
                return found[0]
        return None

    @classmethod
    def turn_of(cls, job: Job) -> AbstractContextManager[None]:
        """Counts what the block does as a turn of the account that the job names, if it names one."""
        account = account_of(job.id.encode())
        return cls.turns.turn_of(UUID(account.decode())) if account else nullcontext()

    @classmethod
    def _by_turn(cls, connection: Redis, queue_key: str) -> tuple[str, bytes] | None:
        """Takes the first job of the account whose turn it is; None when the queue's order is as good."""
        first = cls._first_of_each(connection, queue_key)
        if len(first) < 2:
            return None
        chosen = cls._whose_turn(first)
        intermediate = IntermediateQueue.get_intermediate_queue_key(queue_key)
        taken = connection.eval(_TAKE, 2, queue_key, intermediate, chosen)
        return (queue_key, chosen) if taken else None

    @classmethod
    def _first_of_each(cls, connection: Redis, queue_key: str) -> dict[bytes, bytes]:
        """Returns the first waiting job of each account."""
        if monotonic() > cls._fade_at:
            cls._fade_at = monotonic() + FADE_EVERY_SEC
            cls.turns.fade()
        waiting: list[Any] = connection.lrange(queue_key, 0, -1)
        cls.waited = waiting
        first: dict[bytes, bytes] = {}
        for job_id in waiting:
            if account := account_of(job_id):
                first.setdefault(account, job_id)
        return first

    @classmethod
    def _whose_turn(cls, first: Mapping[bytes, bytes]) -> bytes:
        """Returns the job of the account with the fewest turns; of several, the one that waits longest."""
        return first[min(first, key=lambda account: cls.turns.of(UUID(account.decode())))]

    @classmethod
    def _fetch_dequeued_job(
        cls, connection: Redis, queue_key: str, job_id: str, *arguments: Any, **options: Any
    ) -> tuple[Job, Queue] | None:
        """Returns the job and its queue; None, which makes RQ take the next, when it cannot be read as one of ours."""
        queue = cls.from_queue_key(queue_key, connection=connection, job_class=ListedJob)
        try:
            job = ListedJob.fetch(job_id, connection=connection)
        except (redis.ConnectionError, redis.TimeoutError, StopRequested):
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

    def acquire_maintenance_lock(self) -> bool:
        """Returns whether this worker may tidy up the queue's lists now."""
        left = self.connection.pttl(self.registry_cleaning_key)
        # Without an end, or with one further away than ours, it is none of ours.
        free = left == -1 or left > MAINTENANCE_LOCK_SEC * 1000
        return bool(self.connection.set(self.registry_cleaning_key, 1, nx=not free, ex=MAINTENANCE_LOCK_SEC))

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
