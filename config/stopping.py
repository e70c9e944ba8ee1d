"""Whether this process has been asked to stop, by a signal or because whoever started it is gone."""

import os
import select
import signal
import threading
from functools import lru_cache
from types import FrameType

# How long a process may take to finish what it has begun; whoever started it ends it by force after this.
GRACE_SEC = 15.0


class Stopping:
    """Asked once and for good; asking is safe in a signal handler, which an Event is not."""

    def __init__(self) -> None:
        self.asked = False
        # Never read, so one byte wakes everybody who waits, now and later.
        self._wake, self._ask = os.pipe()

    def ask(self) -> None:
        """Asks everything in this process to finish what it has begun and begin nothing more."""
        if not self.asked:
            self.asked = True
            os.write(self._ask, b".")

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until the process is asked to stop, at most so long, and says whether it was."""
        select.select([self._wake], [], [], seconds)
        return self.asked


@lru_cache(maxsize=1)
def stopping() -> Stopping:
    """This process's own."""
    return Stopping()


def stop_on_signals() -> None:
    """Makes SIGTERM and Ctrl-C ask this process to stop; a second one changes nothing."""
    asked = stopping()

    def ask(number: int, frame: FrameType | None) -> None:
        asked.ask()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)


def stop_with(lifeline: int | None) -> None:
    """Stops this process when the pipe it inherited ends, which it does however its starter died.

    The kernel closes the pipe even after kill -9, on every system; nothing has to be polled.
    """
    if lifeline is not None:
        threading.Thread(target=_follow, args=(lifeline,), name="lifeline", daemon=True).start()


def _follow(lifeline: int) -> None:
    while os.read(lifeline, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    # Nobody is left who could end us by force.
    threading.Event().wait(GRACE_SEC)
    os._exit(1)
