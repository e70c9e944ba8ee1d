"""Fixtures for the sweeper's tests."""

import threading
from collections.abc import Callable, Iterator

import pytest

from config.settings import settings
from dispatch import queues
from tests.servers import TestServers


@pytest.fixture
def configured(servers: TestServers, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings that a test may change with `monkeypatch.setenv`, followed by `reread`."""
    yield
    monkeypatch.undo()
    reread()


def reread() -> None:
    """Makes this process read its environment again."""
    settings.cache_clear()
    queues.connection.cache_clear()


def in_a_job(function: Callable[[], None]) -> None:
    """Runs the job as a worker does: in a thread that has no connection yet."""
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()
