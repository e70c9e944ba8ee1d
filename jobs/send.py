"""The job that sends a batch."""

import time
from functools import lru_cache, partial

import redis
import structlog

from config.settings import settings
from config.stopping import stopping
from dispatch.process.remembered import Remembered
from dispatch.process.trusted_queue import TrustedQueue
from dispatch.process.watchdog import job_limit
from dispatch.providers.choice import provider_for
from dispatch.queues import JOB_TIMEOUT_SEC, SEND, another_campaign_waits, of_another_campaign, reserve_another
from dispatch.runs.from_rows import another_is_due
from dispatch.sending.courier import Courier
from dispatch.sending.time_box import Others

log = structlog.get_logger()


def send_batch(campaign_id: int, batch: int) -> None:
    """Delivers the campaign's messages, starting with this batch."""
    sender = courier()
    others = Others(
        Remembered(partial(another_waits, campaign_id), unknown=False),
        at_first=of_another_campaign(TrustedQueue.waited, campaign_id),
        makes_way=partial(makes_way, campaign_id),
        arrivals=partial(sender.arrivals.of_others, campaign_id),
    )
    sender.deliver(campaign_id, batch, others=others)


def send_along(connection: redis.Redis, *, until: float) -> None:
    """Delivers further batches that wait, each as a turn of its account, until this `time.monotonic()`.

    A small campaign is sent in less time than RQ takes for its job, and a thousand may be due at once.
    """
    while time.monotonic() < until and not stopping().asked:
        try:
            job = TrustedQueue.take_along(connection, SEND)
        except redis.RedisError:
            return  # the worker finds out, and says so
        if job is None:
            return
        in_log = structlog.contextvars.bound_contextvars(job_id=job.id)
        with in_log, TrustedQueue.turn_of(job), job_limit(JOB_TIMEOUT_SEC):
            try:
                job.func(*job.args)
            except Exception:
                log.exception("job.failed", queue=SEND)
                return


def another_waits(campaign_id: int) -> bool:
    """Returns whether another campaign waits for a worker: by the queue or, while Redis is away, by the rows."""
    try:
        return another_campaign_waits(campaign_id)
    except redis.RedisError:
        return another_is_due(campaign_id)


def makes_way(campaign_id: int) -> bool:
    """Returns whether this worker makes way for another campaign: for each job that waits, one worker does."""
    try:
        return reserve_another(campaign_id)
    except redis.RedisError:
        return True


def courier() -> Courier:
    """Returns this process's courier, whose event loop and provider session outlive a job."""
    found = _made()
    if stopping().asked:
        # The signal may have come while it was being made, when there was nothing to stop yet.
        found.stop()
    return found


def stop_sending() -> None:
    """Makes the running job claim no more messages; safe in a signal handler."""
    if _made.cache_info().currsize:
        _made().stop()


def close_courier() -> None:
    """Closes the provider's session, if there is one."""
    if _made.cache_info().currsize:
        _made().close()
        _made.cache_clear()


@lru_cache(maxsize=1)
def _made() -> Courier:
    return Courier(provider_for(settings()), settings())
