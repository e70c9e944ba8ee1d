"""Connections to PostgreSQL that are given up, by whichever process has them, when nothing comes back."""

import select
from typing import Any

import psycopg
from playhouse.postgres_ext import PooledPsycopg3Database, Psycopg3ExtAdapter
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus

from models.failures import DATABASE_ERRORS, PASSING_ERRORS, is_read_only, outdated_plan

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
        except DATABASE_ERRORS as problem:
            if outdated := outdated_plan(problem):
                # It would fail again and again here; another connection prepares it again.
                self.pgconn.finish()
                raise outdated from problem
            raise


class _Adapter(Psycopg3ExtAdapter):
    def connect(self, db: "Database", **parameters: Any) -> BoundedConnection:
        connection = BoundedConnection.connect(db.database, **parameters)
        connection.statement_sec = db.statement_sec
        return connection


def _has_something_to_read(connection: BoundedConnection) -> bool:
    look = select.poll()
    look.register(connection.pgconn.socket, select.POLLIN)
    return bool(look.poll(0))


class Database(PooledPsycopg3Database):
    """A pool of bounded connections; `statement_sec` is the server's limit for a statement."""

    psycopg3_adapter = _Adapter
    statement_sec: float = DEFAULT_STATEMENT_SEC

    def _is_closed(self, connection: BoundedConnection) -> bool:
        # The server says on the socket that it ends a connection, so one with nothing to read needs no round trip to be
        # known as open. The pool asks with its lock held, for which all other threads that begin or end work wait.
        idle = not connection.closed and connection.pgconn.transaction_status == TransactionStatus.IDLE
        return not (idle and not _has_something_to_read(connection)) and bool(super()._is_closed(connection))

    def _can_reuse(self, connection: BoundedConnection) -> bool:
        return bool(not connection.demoted and super()._can_reuse(connection))
