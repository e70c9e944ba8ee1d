"""Waits for what other processes do."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

T = TypeVar("T")

# Long enough for a machine on which other things run as well; a wait that is not in vain ends with its condition.
PATIENCE_SEC = 180


def wait_until(condition: Callable[[], T], what: str, *, seconds: float = PATIENCE_SEC) -> T:
    """Returns the first true value of the condition; fails the test with `what` when there is none in time."""
    deadline = monotonic() + seconds
    while not (value := condition()):
        assert monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        sleep(0.02)
    return value
