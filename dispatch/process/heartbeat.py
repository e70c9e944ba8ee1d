"""The sign of life of one process, given from a thread of its own."""

import os
import socket
import threading
from collections.abc import Callable

import psycopg
import structlog
from peewee import PeeweeException

from models.database import db
from models.heartbeat import Heartbeat

log = structlog.get_logger()

INTERVAL = 5.0


class Pulse:
    """Beats every few seconds, also during a long job and without Redis; gone from the table after a clean stop."""

    def __init__(self, kind: str, queue: str | None = None) -> None:
        self.name = "-".join(filter(None, [kind, queue, socket.gethostname(), str(os.getpid())]))
        self._kind = kind
        self._queue = queue
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def __enter__(self) -> "Pulse":
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ended.set()
        # Not for ever: a database that hangs must not keep the process from ending.
        self._thread.join(INTERVAL)

    def _run(self) -> None:
        while True:
            self._say(Heartbeat.beat, self.name, self._kind, self._queue)
            if self._ended.wait(INTERVAL):
                break
        self._say(Heartbeat.end, self.name)

    def _say(self, what: Callable[..., None], *arguments: object) -> None:
        try:
            with db.connection_context():
                what(*arguments)
        except (PeeweeException, psycopg.Error) as problem:
            log.warning("heartbeat.failed", problem=type(problem).__name__)
