"""The RQ worker of one queue: it runs our jobs only, stops after the running job, and ends when a job hangs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import redis
import structlog
from redis import Redis
from rq import SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from rq.utils import now as utcnow
from rq.worker import WorkerStatus

from config.logging import without_rows
from config.redis import ANSWER_WITHIN_SEC, WAIT_FOR_JOB_SEC
from config.stopping import stopping
from dispatch.process.listed_job import ListedJob
from dispatch.process.trusted_queue import TrustedQueue
from dispatch.process.watchdog import end_job_limit, limit_job
from dispatch.queues import JOB_TIMEOUT_SEC, SEND, connection
from jobs.send import send_along, stop_sending
from models.database import db, takes_writes
from models.failures import DATABASE_ERRORS

log = structlog.get_logger()

# How often a worker looks whether the database is back.
LOOK_EVERY_SEC = 0.5
# After a job it takes others along for this long.
ALONG_SEC = 1.0


class Watchdog(BaseDeathPenalty):
    """Ends the process when a job far exceeds its time box, and prints where each thread was.

    RQ would raise an exception in the middle of whatever is running. Inside a callback asyncio swallows it, and the job
    hangs forever; a job that does end leaves a half-stopped event loop to the next one. Since every job survives the
    death of its process, the process ends. The limit is ours, not the one that the job names.
    """

    def setup_death_penalty(self) -> None:
        """Starts the timer."""
        limit_job(JOB_TIMEOUT_SEC)

    def cancel_death_penalty(self) -> None:
        """Stops the timer: the job has ended in time."""
        end_job_limit()


class QueueWorker(SimpleWorker):
    """Runs one queue's jobs in this process; docs/why.md says why there is no fork for each."""

    job_class = ListedJob
    queue_class = TrustedQueue
    death_penalty_class = Watchdog
    log_result_lifespan = False
    # RQ doubles its wait up to a minute; work should resume sooner once Redis is back.
    max_connection_wait_time = 4.0

    def __init__(self, queue: str, *, name: str, connection: Redis) -> None:
        super().__init__(
            # Only one: from several queues RQ pops without a safety copy.
            [queue],
            name=name,
            connection=connection,
            serializer=JSONSerializer,
            # A killed worker is forgotten a minute after this.
            worker_ttl=30,
            maintenance_interval=30,
            log_job_description=False,
        )
        #: Why Redis could not be used any more; the worker has then ended, and the process goes on without it.
        self.lost: redis.RedisError | None = None

    @property
    def dequeue_timeout(self) -> int:
        """Returns how long one wait for a job may take, in seconds."""
        return WAIT_FOR_JOB_SEC

    @property
    def connection_timeout(self) -> int:
        """Returns how long an answer of Redis may take, in seconds; `working` sets it too."""
        return WAIT_FOR_JOB_SEC + ANSWER_WITHIN_SEC

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Takes no new job; a running one claims no more messages and finishes. A second signal changes nothing.

        RQ would talk to Redis in the signal handler, and drop the running job at the second signal.
        """
        if self._stop_requested:
            return
        self._stop_requested = True
        stop_sending()
        if self.get_state() != WorkerStatus.BUSY:
            raise StopRequested

    def _install_signal_handlers(self) -> None:
        """Installs none: the process has its own, which call `request_stop`."""

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> Any:
        """Takes the next job once the database can do its work; until then every job would be taken and fail."""
        wait_for_database()
        with self._noting_loss():
            return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Runs the job, or returns it to its queue when the worker is asked to stop before the database answers."""
        with self._noting_loss():
            try:
                wait_for_database()  # it may have gone while the worker waited for a job
            except StopRequested:
                with self.connection.pipeline() as pipeline:
                    queue.push_job_id(job.id, pipeline=pipeline, at_front=True)
                    pipeline.lrem(queue.intermediate_queue_key, 1, job.id)
                    pipeline.execute()
                raise
            super().execute_job(job, queue)

    def heartbeat(self, *arguments: Any, **options: Any) -> None:
        """Tells Redis that this worker lives; RQ would wait for a lost Redis forever, or log it as a bug."""
        with self._noting_loss():
            super().heartbeat(*arguments, **options)

    def teardown(self) -> None:
        """Signs off, unless there is no Redis to sign off from."""
        if self.lost is None:
            # Its own connection would wait for a hanging Redis as long as for a job.
            self.connection = connection()
            try:
                super().teardown()
            except redis.RedisError as problem:
                self.lost = problem

    @contextmanager
    def _noting_loss(self) -> Iterator[None]:
        """Ends the worker, not the process, when Redis cannot be used any more."""
        try:
            yield
        except redis.RedisError as problem:
            self.lost = problem
            raise StopRequested from problem

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Logs that the job failed, with the stack as a field of the event; RQ would write it into a sentence."""
        log.error("job.failed", queue=job.origin, exc_info=exc_info)

    def perform_job(self, job: Job, queue: Queue, *arguments: Any) -> bool:
        """Runs the job, which is a turn of its account, with its id on every log line, and after a short one others."""
        with structlog.contextvars.bound_contextvars(job_id=job.id), TrustedQueue.turn_of(job):
            done: bool = super().perform_job(job, queue, *arguments)
        if done and queue.name == SEND:
            send_along(self.connection, until=time.monotonic() + ALONG_SEC)
        return done

    def handle_job_failure(
        self, job: Job, queue: Queue, started_job_registry: Any = None, exc_string: str = "", execution: Any = None
    ) -> None:
        """Stores the failure in Redis without the customer's row that PostgreSQL may have quoted."""
        super().handle_job_failure(job, queue, started_job_registry, without_rows(exc_string), execution)

    def check_for_suspension(self, burst: bool) -> None:
        """Checks nothing: no key in Redis may keep workers from working."""

    def run_maintenance_tasks(self) -> None:
        """Tidies up what RQ keeps in Redis; what others put there may make that fail, which costs nothing."""
        try:
            super().run_maintenance_tasks()
        except (redis.ConnectionError, redis.TimeoutError) as problem:
            self.lost = problem
            raise StopRequested from problem
        except Exception as problem:
            self.last_cleaned_at = utcnow()  # type: ignore[assignment]  # RQ annotates it by its first value
            if not self._stop_requested:
                log.warning("worker.maintenance_failed", problem=type(problem).__name__)
        # If RQ, or something here, caught the signal handler's exception, the worker must still not wait for a job.
        if self._stop_requested:
            raise StopRequested

    def subscribe(self) -> None:
        """Subscribes to nothing: no command from Redis may stop a worker."""

    def unsubscribe(self) -> None:
        """Does nothing, as `subscribe` did."""


def wait_for_database() -> None:
    """Returns when the database can do a job's work; StopRequested when the process is to end before."""
    waits = False
    while not _takes_writes():
        if not waits:
            log.warning("worker.waits_for_database")
        waits = True
        if stopping().wait(LOOK_EVERY_SEC):
            raise StopRequested
    if waits:
        log.info("worker.goes_on")


def _takes_writes() -> bool:
    try:
        with db.connection_context():
            return takes_writes()
    except DATABASE_ERRORS:
        return False
