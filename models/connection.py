"""Connections to PostgreSQL that are given up, by whichever process has them, when nothing comes back."""

from typing import Any

import psycopg
from playhouse.postgres_ext import PooledPsycopg3Database, Psycopg3ExtAdapter
from psycopg.abc import RV, PQGen

from models.failures import PASSING_ERRORS, is_read_only

# Beyond the server's own limit for a statement, which it observes unless it hangs itself.
GRACE_SEC = 5.0
DEFAULT_STATEMENT_SEC = 60

#: A peer whose machine or network is gone is noticed within 15 s of sending to it, and within 25 s of waiting for it;
#: see https://www.postgresql.org/docs/current/libpq-connect.html.
TCP_LIMITS = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that is closed when an answer takes too long; TCP's limits do not help when a server hangs."""

    #: Seconds for one statement, or for one part of what is read or copied.
    statement_sec: float = DEFAULT_STATEMENT_SEC
    #: Whether the server takes no writes, as one that is the primary no more; another connection may reach the new one.
    demoted = False

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Waits for the server's answer, which is what every use of the connection does."""
        try:
            return super().wait(gen, interval, timeout or self.statement_sec + GRACE_SEC)
        except PASSING_ERRORS as problem:
            if is_read_only(problem):
                self.demoted = True
            elif getattr(problem, "sqlstate", None) is None:  # not the server's words: it has not answered
                self.pgconn.finish()
            raise


class _Adapter(Psycopg3ExtAdapter):
    def connect(self, db: "Database", **parameters: Any) -> BoundedConnection:
        connection = BoundedConnection.connect(db.database, **parameters)
        connection.statement_sec = db.statement_sec
        return connection


class Database(PooledPsycopg3Database):
    """A pool of bounded connections; `statement_sec` is the server's limit for a statement."""

    psycopg3_adapter = _Adapter
    statement_sec: float = DEFAULT_STATEMENT_SEC

    def _can_reuse(self, connection: BoundedConnection) -> bool:
        return bool(not connection.demoted and super()._can_reuse(connection))
