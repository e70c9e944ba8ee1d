"""Ends a process that hangs, so that its supervisor starts another; a heartbeat's own thread would not notice.

`Watchdog` watches what a sweeper does again and again, and `limit_job` the one job that a worker runs.
"""

import faulthandler
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

log = structlog.get_logger()

# A pass waits for servers within limits of its own; one that takes so long waits for something that has none.
LIMIT_SEC = 600.0
LOOK_EVERY_SEC = 1.0
EXIT_STATUS = 70

_job_lock = threading.Lock()
_job_limit_sec: float | None = None


def limit_job(seconds: float) -> None:
    """Ends the process, with the stack of each thread, unless `end_job_limit` is called within so many seconds."""
    global _job_limit_sec
    with _job_lock:
        _job_limit_sec = seconds
        # Its thread does not need the interpreter, which a job that hangs may hold.
        faulthandler.dump_traceback_later(seconds, exit=True)


def end_job_limit() -> None:
    """Ends the limit: the job has ended in time."""
    global _job_limit_sec
    with _job_lock:
        _job_limit_sec = None
        faulthandler.cancel_dump_traceback_later()


@contextmanager
def job_limit(seconds: float) -> Iterator[None]:
    """Ends the process unless the block ends within so many seconds."""
    limit_job(seconds)
    try:
        yield
    finally:
        end_job_limit()


def extend_job_limit() -> None:
    """Lets the limit begin anew, if there is one: the job does not hang but waits for a server, and knows it."""
    with _job_lock:
        if _job_limit_sec is not None:
            faulthandler.dump_traceback_later(_job_limit_sec, exit=True)


class Watchdog:
    """Watches what the threads of this process do again and again."""

    def __init__(self, limit_sec: float = LIMIT_SEC, look_every_sec: float = LOOK_EVERY_SEC) -> None:
        self._limit = limit_sec / look_every_sec
        self._look_every_sec = look_every_sec
        # Counted in looks, not by a clock: time in which the whole process was frozen does not count.
        self._looks: dict[str, int] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begins to look, in a thread of its own."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def thread(self, act: Callable[[], object], *, name: str) -> threading.Thread:
        """Returns a thread that acts until the process stops; an error that `act` raises ends the process.

        Otherwise the process would look alive, since its heartbeat goes on, and never do this part of its work again.
        """
        return threading.Thread(target=self._act_or_end, args=(act, name), name=name, daemon=True)

    @contextmanager
    def watching(self, name: str) -> Iterator[None]:
        """Expects the block to end within the limit; otherwise prints where each thread is and ends the process."""
        with self._lock:
            self._looks[name] = 0
        try:
            yield
        finally:
            with self._lock:
                del self._looks[name]

    def _act_or_end(self, act: Callable[[], object], name: str) -> None:
        try:
            act()
        # SystemExit too, which would end the thread without a word.
        except BaseException:
            log.exception("process.thread_died", what=name)
            os._exit(EXIT_STATUS)

    def _watch(self) -> None:
        while not threading.Event().wait(self._look_every_sec):
            with self._lock:
                self._looks = {name: looks + 1 for name, looks in self._looks.items()}
                hung = [name for name, looks in self._looks.items() if looks >= self._limit]
            for name in hung:
                self._end(name)

    def _end(self, name: str) -> None:
        log.error("process.hung", what=name, seconds=self._limit * self._look_every_sec)
        faulthandler.dump_traceback()
        os._exit(EXIT_STATUS)
