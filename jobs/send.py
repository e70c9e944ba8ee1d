"""The job that sends a batch."""

from functools import lru_cache, partial

import redis

from config.settings import settings
from dispatch.process.remembered import Remembered
from dispatch.providers.choice import provider_for
from dispatch.queues import another_campaign_waits
from dispatch.runs.from_rows import another_is_due
from dispatch.sending.courier import Courier


def send_batch(campaign_id: int, batch: int) -> None:
    """Delivers the campaign's messages, starting with this batch."""
    others_waiting = Remembered(partial(another_waits, campaign_id), unknown=False)
    courier().deliver(campaign_id, batch, others_waiting=others_waiting)


def another_waits(campaign_id: int) -> bool:
    """Returns whether another campaign waits for a worker: by the queue or, while Redis is away, by the rows."""
    try:
        return another_campaign_waits(campaign_id)
    except redis.RedisError:
        return another_is_due(campaign_id)


@lru_cache(maxsize=1)
def courier() -> Courier:
    """Returns this process's courier, whose event loop and provider session outlive a job."""
    return Courier(provider_for(settings()), settings())


def stop_sending() -> None:
    """Makes the running job claim no more messages; safe in a signal handler."""
    if courier.cache_info().currsize:
        courier().stop()


def close_courier() -> None:
    """Closes the provider's session, if there is one."""
    if courier.cache_info().currsize:
        courier().close()
        courier.cache_clear()
