"""Connections to Redis: to push jobs, to wait for jobs, to count requests, and to hear what is announced.

None of them repeats a command, and none waits for a Redis that is known to hang.
"""

import socket
from functools import lru_cache
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from config.outage import Once, Outage
from config.settings import Settings

# A connection, and an answer to what was asked; a Redis that is slower than this hangs.
ANSWER_WITHIN_SEC = 2
# How long an idle worker waits for a job before it asks again: one that hangs is noticed after this and the answer's.
WAIT_FOR_JOB_SEC = 2
# The same for what a request can do without, and for the question whether Redis answers again.
HURRIED_SEC = 1
_HURRIED = {"socket_timeout": HURRIED_SEC, "socket_connect_timeout": HURRIED_SEC}


def enqueueing(settings: Settings) -> redis.Redis:
    """Returns a client that tries each command once and gives up within seconds.

    By default redis-py sends a command up to ten times when the answer is lost, and so would push a job again; with
    this client the caller sees the failure instead.
    """
    return _client(settings, retry=Once(_outage_of(settings)))


def working(settings: Settings) -> redis.Redis:
    """Returns a client for RQ workers, which block while they wait and handle lost connections themselves.

    It does not repeat commands either: after a pop whose answer is lost it would take a second job from the queue, and
    ten tries take longer than a worker may take to stop.
    """
    return _client(settings, retry=Once(_outage_of(settings)), socket_timeout=WAIT_FOR_JOB_SEC + ANSWER_WITHIN_SEC)


def counting(settings: Settings) -> redis.Redis:
    """Returns a client for what every request needs but can do without: it gives up within a second."""
    return _client(settings, retry=Once(_outage_of(settings)), **_HURRIED)


def listening(settings: Settings) -> redis.asyncio.Redis:
    """Returns a client that waits on an event loop, for as long as it takes, for what others publish."""
    url = _url(settings)
    options = _options(url, verify=settings.redis_tls_verify) | {"socket_timeout": None}
    return redis.asyncio.Redis.from_url(url, **options, retry=redis.asyncio.retry.Retry(NoBackoff(), 0))


def problem_with(client: redis.Redis) -> str | None:
    """Returns a sentence about why Redis cannot be used right now, or None if it can."""
    try:
        client.ping()
    except redis.RedisError as problem:
        return why_unusable(problem) or "Redis does not answer."
    return None


def why_unusable(problem: redis.RedisError) -> str | None:
    """Returns what has to change for Redis to serve us, or None if it simply does not answer."""
    match problem:
        case redis.AuthenticationError() if "without any password" in str(problem):
            return "Redis has no password, and REDIS_URL has one."
        case redis.AuthenticationError() if "invalid" in str(problem) or "WRONGPASS" in str(problem):
            return "Redis refuses the user or the password in REDIS_URL."
        case redis.AuthenticationError():
            return "Redis asks for a password, and REDIS_URL has none."
        case redis.exceptions.NoPermissionError():
            return "Redis does not let the user in REDIS_URL run the commands that are needed."
        case redis.ReadOnlyError():
            return "The Redis in REDIS_URL is a replica and takes no writes."
        case redis.exceptions.OutOfMemoryError():
            return "Redis has no memory left."
        case redis.BusyLoadingError():
            return "Redis is still loading its data; try again shortly."
        case redis.ResponseError() if "DB index" in str(problem):
            return "Redis has no database of the number at the end of REDIS_URL."
        case _:
            return None


def _client(settings: Settings, **options: Any) -> redis.Redis:
    return _client_of(_url(settings), verify=settings.redis_tls_verify, **options)


def _url(settings: Settings) -> str:
    if settings.redis_url is None:
        raise SystemExit("campaign-dispatch: REDIS_URL is not set; for example REDIS_URL=redis://localhost:6379/0")
    return settings.redis_url.get_secret_value()


def _outage_of(settings: Settings) -> Outage:
    return _known_outage(_url(settings), settings.redis_tls_verify)


@lru_cache(maxsize=16)
def _known_outage(url: str, verify: bool) -> Outage:
    """Returns what all clients of this process know of the Redis at this address."""

    def probe() -> None:
        with _client_of(url, verify=verify, retry=Retry(NoBackoff(), 0), **_HURRIED) as client:
            client.ping()

    return Outage(probe)


def _client_of(url: str, *, verify: bool, **options: Any) -> redis.Redis:
    return redis.Redis.from_url(url, **_options(url, verify=verify) | options)


def _options(url: str, *, verify: bool) -> dict[str, Any]:
    options: dict[str, Any] = {"socket_timeout": ANSWER_WITHIN_SEC, "socket_connect_timeout": ANSWER_WITHIN_SEC}
    if url.startswith("rediss://") and not verify:
        options |= {"ssl_cert_reqs": "none", "ssl_check_hostname": False}
    if not url.startswith("unix://"):
        options |= {"socket_keepalive": True, "socket_keepalive_options": _keepalive()}
    return options


def _keepalive() -> dict[int, int]:
    """Returns the limits of models/connection.py for these connections, as far as the system has them."""
    wanted = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 15_000}
    return {getattr(socket, name): value for name, value in wanted.items() if hasattr(socket, name)}
