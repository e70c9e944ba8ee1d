"""Waits for what other processes do."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], what: str, *, seconds: float = 60) -> T:
    """Returns the first true value of the condition; fails the test with `what` when there is none in time."""
    deadline = monotonic() + seconds
    while not (value := condition()):
        assert monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        sleep(0.02)
    return value
