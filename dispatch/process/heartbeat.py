"""The heartbeat of one process, written from a thread of its own."""

import os
import socket
import threading
from collections.abc import Callable

import structlog

from models.database import db
from models.failures import DATABASE_ERRORS
from models.heartbeat import Heartbeat

log = structlog.get_logger()

INTERVAL_SEC = 5.0


class HeartbeatThread:
    """Records every few seconds that the process runs, even during a long job; a clean stop deletes the row."""

    def __init__(self, kind: str, queue: str | None = None) -> None:
        self.name = "-".join(filter(None, [kind, queue, socket.gethostname(), str(os.getpid())]))
        self._kind = kind
        self._queue = queue
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> "HeartbeatThread":
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ended.set()
        # With a limit: a database that hangs must not keep the process from ending.
        self._thread.join(INTERVAL_SEC)

    def _run(self) -> None:
        while True:
            self._try(Heartbeat.beat, self.name, self._kind, self._queue)
            if self._ended.wait(INTERVAL_SEC):
                break
        self._try(Heartbeat.end, self.name)

    def _try(self, write: Callable[..., None], *arguments: object) -> None:
        try:
            with db.connection_context():
                write(*arguments)
        except DATABASE_ERRORS as problem:
            log.warning("heartbeat.failed", problem=type(problem).__name__)
