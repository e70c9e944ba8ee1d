"""Signs of life of workers and sweepers, in PostgreSQL because RQ's own registry stays empty after a FLUSHALL."""

import os
import socket
from typing import Any

from peewee import IntegerField, TextField
from playhouse.postgres_ext import DateTimeTZField

from models.account import _NOW
from models.database import Row, rows

# A process beats every few seconds; one silent for this long is not counted as alive.
FRESH_SECONDS = 30


class Heartbeat(Row):
    """One process and when it was last alive."""

    name = TextField(primary_key=True)
    kind = TextField()
    queue = TextField(null=True)
    host = TextField()
    pid = IntegerField()
    started_at = DateTimeTZField(constraints=_NOW)
    beat_at = DateTimeTZField(constraints=_NOW)

    @classmethod
    def beat(cls, name: str, kind: str, queue: str | None = None) -> None:
        """Says that this process lives."""
        rows(
            """INSERT INTO heartbeat (name, kind, queue, host, pid) VALUES (%s, %s, %s, %s, %s)
               ON CONFLICT (name) DO UPDATE SET beat_at = now(), pid = excluded.pid, host = excluded.host""",
            [name, kind, queue, socket.gethostname(), os.getpid()],
        )

    @classmethod
    def end(cls, name: str) -> None:
        """Takes the sign away at a clean stop."""
        rows("DELETE FROM heartbeat WHERE name = %s", [name])

    @classmethod
    def forget_old(cls) -> None:
        """Drops signs of processes that have been silent for an hour."""
        rows("DELETE FROM heartbeat WHERE beat_at < now() - interval '1 hour'")

    @classmethod
    def living(cls) -> list[dict[str, Any]]:
        """Every process that beat lately."""
        return rows(
            "SELECT * FROM heartbeat WHERE beat_at > now() - make_interval(secs => %s) ORDER BY kind, queue, name",
            [FRESH_SECONDS],
        )
