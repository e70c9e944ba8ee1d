"""Remembers that a Redis hangs: the first to ask waits for a time-out, and everyone else is told at once."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

T = TypeVar("T")

# How often a Redis that hangs is asked whether it answers again.
PROBE_EVERY_SEC = 0.5

# redis-py raises its own, and now and then the socket's.
TIMEOUTS = (redis.TimeoutError, TimeoutError)


class Outage:
    """What this process knows of one Redis: whether it hangs. While it does, a thread asks until it answers or is gone.

    A Redis that refuses connections is not remembered: that costs no time, and it is noticed at once when it is back.
    """

    def __init__(self, probe: Callable[[], object]) -> None:
        self.hangs = False
        self._probe = probe
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raises redis.TimeoutError while Redis hangs."""
        if self.hangs:
            raise redis.TimeoutError("Redis has not answered lately")

    def begin(self) -> None:
        """Notes that an answer did not come in time."""
        with self._lock:
            if not self.hangs:
                self.hangs = True
                threading.Thread(target=self._wait_for_answer, name="redis-probe", daemon=True).start()

    def _wait_for_answer(self) -> None:
        while True:
            try:
                self._probe()
            except TIMEOUTS:
                threading.Event().wait(PROBE_EVERY_SEC)
            except Exception:
                break  # it is gone, or refuses us, which takes no time
            else:
                break
        with self._lock:
            self.hangs = False


class Once(Retry):
    """Tries a command once, and not at all while Redis hangs."""

    def __init__(self, outage: Outage) -> None:
        super().__init__(NoBackoff(), 0)
        self._outage = outage

    def __deepcopy__(self, memo: dict[int, Any]) -> "Once":
        # redis-py copies it for each connection, and all share the outage.
        return self

    def call_with_retry(self, do: Callable[[], T], *arguments: Any, **options: Any) -> T:
        """Returns what `do` returns; redis.TimeoutError at once while Redis hangs."""
        self._outage.check()
        try:
            return super().call_with_retry(do, *arguments, **options)
        except TIMEOUTS:
            self._outage.begin()
            raise
