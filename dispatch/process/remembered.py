"""The latest answer to a question that may take long, such as one to Redis: callers wait for a moment at most."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

# A server that is well answers in a fraction of this.
WAIT_SEC = 0.1
# An answer counts for this long when no newer one comes.
KEEP_SEC = 2.0


class Remembered(Generic[T]):
    """Asks in a thread of its own, once at a time; `unknown` is the answer while there is none."""

    def __init__(self, ask: Callable[[], T], *, unknown: T, wait_sec: float = WAIT_SEC) -> None:
        self._ask = ask
        self._unknown = unknown
        self._wait_sec = wait_sec
        self._answer = unknown
        self._answered_at = 0.0
        self._asked_at = 0.0
        self._asking: threading.Event | None = None
        self._lock = threading.Lock()

    def __call__(self) -> T:
        """Returns what the question's answer is now, or was a moment ago."""
        asking, left_sec = self.begin()
        if left_sec > 0:
            asking.wait(left_sec)
        with self._lock:
            return self._answer if time.monotonic() - self._answered_at < KEEP_SEC else self._unknown

    def begin(self) -> tuple[threading.Event, float]:
        """Asks, unless someone is asking; returns what is set with the answer, and how long to wait for it."""
        with self._lock:
            if self._asking is None:
                self._asking, self._asked_at = threading.Event(), time.monotonic()
                threading.Thread(target=self._find_out, args=(self._asking,), name="question", daemon=True).start()
            return self._asking, self._asked_at + self._wait_sec - time.monotonic()

    def _find_out(self, asking: threading.Event) -> None:
        try:
            answer = self._ask()
            with self._lock:
                self._answer, self._answered_at = answer, time.monotonic()
        finally:
            with self._lock:
                self._asking = None
            asking.set()
