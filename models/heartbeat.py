"""Heartbeats of workers and sweepers, in PostgreSQL because RQ's own registry stays empty after a FLUSHALL."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime

from models.database import changed, rows, scalar
from models.row import Row

# A process writes its heartbeat every few seconds; one that has been silent for longer than this counts as dead.
FRESH_SEC = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat(Row):
    """One process and when it was last alive."""

    name: str
    #: `worker` or `sweeper`.
    kind: str
    #: The queue that a worker serves.
    queue: str | None
    host: str
    pid: int
    started_at: datetime
    beat_at: datetime

    @classmethod
    def beat(cls, name: str, kind: str, queue: str | None = None) -> None:
        """Records that this process is alive."""
        changed(
            """INSERT INTO heartbeat (name, kind, queue, host, pid) VALUES (%s, %s, %s, %s, %s)
               ON CONFLICT (name) DO UPDATE SET beat_at = now(), pid = excluded.pid, host = excluded.host""",
            [name, kind, queue, socket.gethostname(), os.getpid()],
        )

    @classmethod
    def end(cls, name: str) -> None:
        """Removes the process's row at a clean stop."""
        changed("DELETE FROM heartbeat WHERE name = %s", [name])

    @classmethod
    def forget_old(cls) -> None:
        """Deletes the rows of processes that have been silent for an hour."""
        changed("DELETE FROM heartbeat WHERE beat_at < now() - interval '1 hour'")

    @classmethod
    def serving(cls, queue: str) -> int:
        """Returns how many workers serve the queue."""
        workers: int = scalar(
            "SELECT count(*) FROM heartbeat WHERE queue = %s AND beat_at > now() - make_interval(secs => %s)",
            [queue, FRESH_SEC],
        )
        return workers

    @classmethod
    def living(cls) -> list["Heartbeat"]:
        """Returns every process with a heartbeat in the last FRESH_SEC seconds."""
        return rows(
            "SELECT * FROM heartbeat WHERE beat_at > now() - make_interval(secs => %s) ORDER BY kind, queue, name",
            [FRESH_SEC],
            into=cls,
        )
