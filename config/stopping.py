"""Whether this process has been asked to stop, by a signal or because the process that started it is gone."""

import os
import select
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from functools import lru_cache
from time import monotonic
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

# The main thread waits no longer than this at a time: a signal that comes just before a wait, or to another thread,
# does not end the wait, and its handler runs only when the main thread does something.
LONGEST_WAIT_SEC = 0.2


class Stopping:
    """A request to stop, which is never withdrawn; making it is safe in a signal handler, unlike setting an Event."""

    def __init__(self) -> None:
        self.asked = False
        # Never read, so that one byte wakes every waiting thread, now and later.
        self._wake, self._ask = os.pipe()

    def ask(self) -> None:
        """Asks everything in this process to finish what it has begun and to begin nothing new."""
        if not self.asked:
            self.asked = True
            os.write(self._ask, b".")

    def wait(self, seconds: float | None = None) -> bool:
        """Waits for a request to stop, no longer than `seconds`; returns whether there is one."""
        if threading.current_thread() is not threading.main_thread():
            select.select([self._wake], [], [], seconds)
            return self.asked
        deadline = None if seconds is None else monotonic() + seconds
        while not self.asked:
            left = LONGEST_WAIT_SEC if deadline is None else min(LONGEST_WAIT_SEC, deadline - monotonic())
            if left <= 0:
                break
            select.select([self._wake], [], [], left)
        return self.asked


@lru_cache(maxsize=1)
def stopping() -> Stopping:
    """Returns the one instance of this process."""
    return Stopping()


def stop_on_signals() -> None:
    """Makes SIGTERM and Ctrl-C ask this process to stop; a second signal changes nothing."""
    asked = stopping()

    def ask(number: int, frame: FrameType | None) -> None:
        asked.ask()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)


def wait_for_any(*awaited: Future[Any]) -> None:
    """Returns when one of them is done, and lets signal handlers run meanwhile."""
    while not wait(awaited, LONGEST_WAIT_SEC, FIRST_COMPLETED).done:
        pass


def result_of(awaited: Future[T]) -> T:
    """Returns its result once it is done, and lets signal handlers run meanwhile; cheaper than `wait_for_any`."""
    while not awaited.done():
        with suppress(TimeoutError):
            return awaited.result(LONGEST_WAIT_SEC)
    return awaited.result()


def stop_with(lifeline: int | None, *, grace_sec: float) -> None:
    """Stops this process when the inherited pipe ends, which it does when the process that started this one ends.

    It may take `grace_sec` seconds to finish what it has begun.
    The kernel closes the pipe even after kill -9, on every system, and nothing has to be polled.
    """
    if lifeline is not None:
        threading.Thread(target=_follow, args=(lifeline, grace_sec), name="lifeline", daemon=True).start()


def _follow(lifeline: int, grace_sec: float) -> None:
    while os.read(lifeline, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    # No other process is left that could kill this one.
    threading.Event().wait(grace_sec)
    os._exit(1)
