"""Whether web hangs: it is asked from outside again and again, as a platform would."""

import threading
from collections.abc import Callable

import psutil

from config.stopping import stopping
from embedded.readiness import LOCAL, web_responds

LOOK_EVERY_SEC = 2.0
# Looks in a row without an answer, each of which may take 2 s more: 30 to 60 s. gunicorn replaces a worker that hangs
# after 60 s, but no one replaces its arbiter.
LOOKS = 15
# Until its first answer, for which a busy machine takes long.
FIRST_LOOKS = 45


class WebCheck:
    """Asks web in a thread of its own, so that the process that looks after the others never waits for it.

    Looks are counted and not seconds, since a machine that slept would make web look as if it had hung.
    """

    def __init__(self, web: Callable[[], int | None], port: int, host: str = LOCAL) -> None:
        self._web = web
        self._port = port
        self._host = host
        self._asked: int | None = None
        self._misses = 0
        self._left = FIRST_LOOKS

    def start(self) -> None:
        """Begins to ask; web is running."""
        threading.Thread(target=self._run, name="web check", daemon=True).start()

    def hangs(self, pid: int | None) -> bool:
        """Returns whether this process, the arbiter, is the one that was asked and has not answered for too long."""
        return pid is not None and pid == self._asked and self._misses >= self._left

    def look(self) -> None:
        """Asks once."""
        pid = self._web()
        if pid != self._asked:
            self._asked, self._misses, self._left = pid, 0, FIRST_LOOKS
        if pid is None:
            return
        if _is_stopped(pid) or not web_responds(self._port, self._host):
            self._misses += 1
        else:
            self._misses, self._left = 0, LOOKS

    def _run(self) -> None:
        while not stopping().wait(LOOK_EVERY_SEC):
            self.look()


def _is_stopped(pid: int) -> bool:
    # Its workers go on answering without it, but no one would replace one that ends.
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    except psutil.NoSuchProcess:
        return False
