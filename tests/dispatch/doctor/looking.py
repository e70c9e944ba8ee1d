"""Asks `doctor`, and takes Redis away from it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dispatch import queues
from dispatch.doctor.diagnosis import Diagnosis, diagnose
from embedded.valkey import EmbeddedValkey
from tests.factories import asking
from tests.own_redis import an_own_redis


def diagnosis() -> Diagnosis:
    """Returns the whole diagnosis, as an operator sees it."""
    return diagnose(asking(), installation=True)


def missing() -> dict[str, str]:
    """Returns what is said of the installation, by code."""
    return {reason.code: reason.text for reason in diagnosis().installation}


@contextmanager
def another_redis(configure: Callable[..., None]) -> Iterator[EmbeddedValkey]:
    """Uses a Redis of the test's own until the end of the block."""
    with an_own_redis() as own:
        configure(REDIS_URL=own.url)
        queues.connection.cache_clear()
        try:
            yield own
        finally:
            queues.connection.cache_clear()


@contextmanager
def redis_away(configure: Callable[..., None]) -> Iterator[None]:
    """Uses a Redis that has stopped, until the end of the block."""
    with another_redis(configure) as own:
        own.stop()
        yield
