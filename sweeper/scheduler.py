"""Books the sweep in Redis and queues it when its time comes: rq-scheduler, made to survive what we survive.

rq-scheduler 0.14 was seen to force pickle, to queue a job that is still queued, to lose its schedule when killed
between two commands, to hold its lock long after it was killed, and to end when Redis drops or a job cannot be read.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import redis
import structlog
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer
from rq_scheduler import Scheduler

from config.stopping import stopping
from dispatch.process.listed_job import ListedJob
from dispatch.process.lock import Lock
from dispatch.queues import HOUSE, JOB_TIMEOUT, JOBS, SWEEP_JOB

log = structlog.get_logger()

POLL_SECONDS = 1
# A poll takes milliseconds; after a kill -9 the others wait this long.
LOCK_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Booking:
    """A job that is queued again and again; its id is the same in every process, so booked twice is booked once."""

    id: str
    function: str
    seconds: float

    def next_time(self, now: float) -> float:
        """The next point of a grid that is the same for everybody: who asks, and how late, does not move it."""
        return (now // self.seconds + 1) * self.seconds


def sweep_booking(interval_ms: int) -> Booking:
    """The sweep, every so many milliseconds."""
    return Booking("sweep", SWEEP_JOB, interval_ms / 1000)


class SweepScheduler(Scheduler):
    """An rq-scheduler whose bookings are code: of what is in Redis it believes the times and nothing else.

    So whatever is lost there is booked again at the next poll, and what others put there is neither read nor run.
    """

    job_class = ListedJob

    def __init__(self, connection: redis.Redis, bookings: list[Booking]) -> None:
        super().__init__(HOUSE, connection=connection, interval=POLL_SECONDS)
        self._bookings = bookings
        self._lock = Lock(connection, self.scheduler_lock_key, seconds=LOCK_SECONDS)

    def run(self, burst: bool = False) -> None:
        """Polls until the process is asked to stop; a Redis that is gone is waited for."""
        lost = False
        while True:
            try:
                self.poll()
                lost = False
            except redis.RedisError as problem:
                if not lost:
                    log.warning("scheduler.lost_redis", problem=type(problem).__name__)
                lost = True
            except Exception:
                log.exception("scheduler.poll_failed")
            if burst or stopping().wait(POLL_SECONDS):
                return

    def poll(self) -> None:
        """Books what is not booked and queues what is due, unless another scheduler is at it."""
        if not self.acquire_lock():
            return
        try:
            self.enqueue_jobs()
        finally:
            self.remove_lock()

    def enqueue_jobs(self) -> None:
        """Books every job, and queues those that are due."""
        # One clock for all schedulers; those of their hosts differ.
        seconds, microseconds = self.connection.time()
        now = seconds + microseconds / 1_000_000
        for booking in self._bookings:
            due = self._book(booking, now)
            if due <= now:
                self._queue_run(booking, due, now)

    def acquire_lock(self) -> bool:
        """Whether this scheduler may work now."""
        return self._lock.acquire()

    def remove_lock(self) -> None:
        """Lets go of the lock, if it is still ours."""
        self._lock.release()

    def _book(self, booking: Booking, now: float) -> float:
        """When the job is due: now if nobody had booked it, and never later than its interval allows."""
        if booking.id not in self:
            self.schedule(
                datetime.fromtimestamp(now, UTC),
                booking.function,
                id=booking.id,
                interval=booking.seconds,
                queue_name=JOBS[booking.function],
                timeout=JOB_TIMEOUT,
            )
        # A longer interval, since shortened, may have booked it for later.
        self.connection.zadd(self.scheduled_jobs_key, {booking.id: booking.next_time(now)}, lt=True)
        return self.connection.zscore(self.scheduled_jobs_key, booking.id)

    def _queue_run(self, booking: Booking, due: float, now: float) -> None:
        """Books the next time, then queues this one, unless the last one still waits in the queue.

        A kill in between costs one run; the other way round it cost all later ones. Each run is a job of its own: an id
        that returns would be blocked for minutes by a run whose worker was killed.
        """
        self.connection.zadd(self.scheduled_jobs_key, {booking.id: booking.next_time(now)})
        queue = Queue(JOBS[booking.function], connection=self.connection, serializer=JSONSerializer)
        if any(job_id.startswith(f"{booking.id}-") for job_id in queue.job_ids):
            log.info("booking.still_queued", booking=booking.id)
            return
        try:
            queue.enqueue_call(
                booking.function,
                timeout=JOB_TIMEOUT,
                job_id=f"{booking.id}-{int(due * 1000)}",
                description=booking.id,
                result_ttl=0,
                failure_ttl=3600,
                unique=True,
            )
        except DuplicateJobError:
            log.info("booking.already_queued", booking=booking.id)
