"""Connections to Redis: one kind for those who enqueue, one for those who wait for jobs."""

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.settings import Settings


def enqueueing(settings: Settings) -> redis.Redis:
    """A client that tries each command once and gives up within seconds.

    redis-py re-sends a command up to ten times by default when the answer is lost, so a push whose answer is lost
    would be pushed again; whoever enqueues through this client learns of the failure instead.
    """
    return _client(settings, retry=Retry(NoBackoff(), 0), socket_timeout=5)


def working(settings: Settings) -> redis.Redis:
    """A client for RQ workers, which block while they wait and handle lost connections themselves.

    It does not repeat commands either: a pop whose answer is lost would take a second job out of the queue, and ten
    tries take longer than a worker has when it is asked to stop.
    """
    return _client(settings, retry=Retry(NoBackoff(), 0), socket_timeout=None)


def counting(settings: Settings) -> redis.Redis:
    """A client for what is asked at every request and can be done without: it gives up within a second."""
    return _client(settings, retry=Retry(NoBackoff(), 0), socket_timeout=1, socket_connect_timeout=1)


def answers(client: redis.Redis) -> bool:
    """Whether Redis is there right now."""
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def _client(settings: Settings, **options: Any) -> redis.Redis:
    if settings.redis_url is None:
        raise SystemExit("campaign-dispatch: REDIS_URL is not set; for example REDIS_URL=redis://localhost:6379/0")
    url = settings.redis_url.get_secret_value()
    if url.startswith("rediss://") and not settings.redis_tls_verify:
        options |= {"ssl_cert_reqs": "none", "ssl_check_hostname": False}
    return redis.Redis.from_url(url, **{"socket_connect_timeout": 5, "socket_keepalive": True} | options)
