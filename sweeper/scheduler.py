"""Schedules the sweep in Redis and queues it when it is due: rq-scheduler, hardened against crashes and outages.

In our tests rq-scheduler 0.14 forced pickle, queued a job that was still queued, lost its schedule when it was killed
between two commands, held its lock long after that, and ended when Redis went away or a job could not be read.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import redis
import structlog
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq_scheduler import Scheduler

from config.redis import why_unusable
from config.stopping import stopping
from dispatch.process.listed_job import ListedJob
from dispatch.process.lock import Lock
from dispatch.queues import HOUSE, JOB_TIMEOUT_SEC, JOBS, SWEEP_JOB, queue_at
from dispatch.signing import UnsignedJob

log = structlog.get_logger()

POLL_INTERVAL_SEC = 1
# A poll takes milliseconds; when its process is killed, the other schedulers wait this long.
LOCK_TTL_SEC = 5


@dataclass(frozen=True, slots=True)
class Booking:
    """A job that is queued periodically; its id is the same in every process, so booking it twice has one effect."""

    id: str
    function: str
    seconds: float

    def next_time(self, now: float) -> float:
        """Returns the next point of a time grid that is the same for every process, however late it asks."""
        return (now // self.seconds + 1) * self.seconds


def sweep_booking(interval_ms: int) -> Booking:
    """Returns the booking of the sweep, at this interval."""
    return Booking("sweep", SWEEP_JOB, interval_ms / 1000)


class SweepScheduler(Scheduler):
    """An rq-scheduler whose bookings are code: from Redis it reads only their times.

    So a booking that is lost there is made again at the next poll, and jobs that others put there are never run.
    """

    job_class = ListedJob

    def __init__(self, connection: redis.Redis, bookings: list[Booking]) -> None:
        super().__init__(HOUSE, connection=connection, interval=POLL_INTERVAL_SEC)
        self._bookings = bookings
        self._lock = Lock(connection, self.scheduler_lock_key, seconds=LOCK_TTL_SEC)

    def run(self, burst: bool = False) -> None:
        """Polls until the process is asked to stop, and waits for Redis when it is gone."""
        lost = False
        while True:
            try:
                self.poll()
                lost = False
            except redis.RedisError as problem:
                if not lost:
                    log.warning("scheduler.lost_redis", problem=why_unusable(problem) or type(problem).__name__)
                lost = True
            except Exception:
                log.exception("scheduler.poll_failed")
            if burst or stopping().wait(POLL_INTERVAL_SEC):
                return

    def poll(self) -> None:
        """Books what is not booked and queues what is due, unless another scheduler is doing so."""
        if not self.acquire_lock():
            return
        try:
            self.enqueue_jobs()
        finally:
            self.remove_lock()

    def enqueue_jobs(self) -> None:
        """Books every job, and queues those that are due."""
        if self.connection.type(self.scheduled_jobs_key) not in (b"none", b"zset"):
            self.connection.delete(self.scheduled_jobs_key)
            log.warning("queue.mended", key=self.scheduled_jobs_key)
        # One clock for all schedulers: those of their hosts differ.
        seconds, microseconds = self.connection.time()
        now = seconds + microseconds / 1_000_000
        for booking in self._bookings:
            due = self._book(booking, now)
            if due <= now:
                self._queue_run(booking, due, now)

    def acquire_lock(self) -> bool:
        """Returns whether this scheduler may work now."""
        return bool(self._lock.acquire())

    def remove_lock(self) -> None:
        """Releases the lock, if it is still ours."""
        self._lock.release()

    def _book(self, booking: Booking, now: float) -> float:
        """Returns when the job is due: now if it was not booked, and never later than its interval allows."""
        if booking.id not in self:
            self.schedule(
                datetime.fromtimestamp(now, UTC),
                booking.function,
                id=booking.id,
                interval=booking.seconds,
                queue_name=JOBS[booking.function],
                timeout=JOB_TIMEOUT_SEC,
            )
        # It may have been booked under a longer interval.
        self.connection.zadd(self.scheduled_jobs_key, {booking.id: booking.next_time(now)}, lt=True)
        return float(self.connection.zscore(self.scheduled_jobs_key, booking.id))

    def _queue_run(self, booking: Booking, due: float, now: float) -> None:
        """Books the next time, then queues this one, unless the previous run is still queued.

        A kill in between costs one run; in the opposite order it would cost all later ones. Each run has an id of its
        own, because a repeated one would be blocked for minutes by a run whose worker was killed.
        """
        self.connection.zadd(self.scheduled_jobs_key, {booking.id: booking.next_time(now)})
        queue = queue_at(self.connection, JOBS[booking.function])
        waiting = self.connection.lrange(queue.key, 0, -1)
        if any(job_id.startswith(f"{booking.id}-".encode()) for job_id in waiting):
            log.info("booking.still_queued", booking=booking.id)
            return
        job_id = f"{booking.id}-{int(due * 1000)}"
        self._remove_planted(job_id)
        try:
            queue.enqueue_call(
                booking.function,
                timeout=JOB_TIMEOUT_SEC,
                job_id=job_id,
                description=booking.id,
                result_ttl=0,
                failure_ttl=3600,
                unique=True,
            )
        except DuplicateJobError:
            log.info("booking.already_queued", booking=booking.id)

    def _remove_planted(self, job_id: str) -> None:
        """Deletes what stands under the run's id and is no job of ours, since it would pass for the run."""
        try:
            ListedJob.fetch(job_id, connection=self.connection)
        except NoSuchJobError:
            if self.connection.delete(f"{ListedJob.redis_job_namespace_prefix}{job_id}"):
                log.warning("job.skipped", job_id=job_id, reason="it has no content")
        except (UnsignedJob, redis.ResponseError) as problem:
            self.connection.delete(f"{ListedJob.redis_job_namespace_prefix}{job_id}")
            log.warning("job.skipped", job_id=job_id, reason=type(problem).__name__)
