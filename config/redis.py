"""Connections to Redis: one kind for pushing jobs, one for waiting for jobs, one for counting requests."""

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.settings import Settings


def enqueueing(settings: Settings) -> redis.Redis:
    """Returns a client that tries each command once and gives up within seconds.

    By default redis-py sends a command up to ten times when the answer is lost, and so would push a job again; with
    this client the caller sees the failure instead.
    """
    return _client(settings, retry=Retry(NoBackoff(), 0), socket_timeout=5)


def working(settings: Settings) -> redis.Redis:
    """Returns a client for RQ workers, which block while they wait and handle lost connections themselves.

    It does not repeat commands either: after a pop whose answer is lost it would take a second job from the queue, and
    ten tries take longer than a worker may take to stop.
    """
    return _client(settings, retry=Retry(NoBackoff(), 0), socket_timeout=None)


def counting(settings: Settings) -> redis.Redis:
    """Returns a client for what every request needs but can do without: it gives up within a second."""
    return _client(settings, retry=Retry(NoBackoff(), 0), socket_timeout=1, socket_connect_timeout=1)


def answers(client: redis.Redis) -> bool:
    """Returns whether Redis answers right now."""
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
