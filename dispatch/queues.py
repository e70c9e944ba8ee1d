"""The queues and jobs of the house: the one place that names them.

Jobs are named by dotted string, so the hall imports no door. A job carries ids only; one that is lost, doubled or late
changes nothing but time.
"""

from collections.abc import Iterable
from functools import lru_cache
from uuid import UUID

import redis
import structlog
from rq import Queue
from rq.serializers import JSONSerializer

from config.redis import answers, enqueueing
from config.settings import settings

log = structlog.get_logger()

HOUSE = "house"
PREPARE = "prepare"
SEND = "send"

SWEEP_JOB = "sweeper.sweep.sweep"
PREPARE_JOB = "jobs.prepare.prepare_campaign"
SEND_JOB = "jobs.send.send_batch"

# Which queue runs which job, and for how many seconds at most. House tests hold every path and queue against the code.
JOBS = {SWEEP_JOB: HOUSE, PREPARE_JOB: PREPARE, SEND_JOB: SEND}
JOB_TIMEOUT = 120


@lru_cache(maxsize=1)
def connection() -> redis.Redis:
    """This process's connection for enqueueing."""
    return enqueueing(settings())


def queue(name: str) -> Queue:
    """One of our queues; its jobs are JSON, so that nothing read from Redis is ever unpickled."""
    return Queue(name, connection=connection(), serializer=JSONSerializer, default_timeout=JOB_TIMEOUT)


def ready() -> bool:
    """Whether jobs can be pushed right now."""
    return answers(connection())


def batch_job_id(campaign_id: int, number: int) -> str:
    """The id of the job that sends a batch; the same batch always has the same id."""
    return f"b-{campaign_id}-{number}"


def push_batches(campaign_id: int, numbers: Iterable[int]) -> list[int]:
    """Pushes a send job for each batch and gives those that could not be pushed; each failure is logged."""
    failed = []
    send = queue(SEND)
    for number in numbers:
        try:
            send.enqueue_call(
                SEND_JOB,
                args=(campaign_id, number),
                job_id=batch_job_id(campaign_id, number),
                description=batch_job_id(campaign_id, number),
                result_ttl=0,
                failure_ttl=3600,
            )
        except redis.RedisError as problem:
            log.warning("batch.push_failed", campaign_id=campaign_id, batch=number, problem=type(problem).__name__)
            failed.append(number)
    return failed


def push_preparation(campaign_id: int, token: UUID) -> bool:
    """Pushes the job that goes on preparing a campaign; False when Redis is away (recovery will ask again)."""
    try:
        queue(PREPARE).enqueue_call(
            PREPARE_JOB,
            args=(campaign_id, str(token)),
            description=f"p-{campaign_id}",
            result_ttl=0,
            failure_ttl=3600,
        )
    except redis.RedisError as problem:
        log.warning("preparation.push_failed", campaign_id=campaign_id, problem=type(problem).__name__)
        return False
    return True


def queued_batches(campaign_id: int) -> set[int]:
    """The campaign's batches whose jobs wait in the queue right now."""
    prefix = f"b-{campaign_id}-"
    return {int(job_id.removeprefix(prefix)) for job_id in queue(SEND).job_ids if job_id.startswith(prefix)}
