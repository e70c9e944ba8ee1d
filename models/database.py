"""The one database of this process, and the two ways to speak SQL to it."""

from collections.abc import Mapping, Sequence
from typing import Any

from peewee import Model
from playhouse.postgres_ext import PooledPsycopg3Database
from psycopg.rows import dict_row

db = PooledPsycopg3Database(None, autoconnect=False)

# What every connection promises: commits are durable, nobody holds a transaction open while waiting for the
# world, and nobody waits for a lock or a statement for ever.
_PROMISES = {
    "synchronous_commit": "on",
    "idle_in_transaction_session_timeout": "30s",
    "lock_timeout": "10s",
    "statement_timeout": "60s",
    "timezone": "UTC",
}


class Row(Model):
    """A row of one of our tables."""

    class Meta:
        database = db
        legacy_table_names = False


class UnsafeServer(SystemExit):
    """PostgreSQL runs with fsync off: a crash there may lose what was promised."""


def open_database(url: str, *, application: str, pool: int = 16, allow_unsafe: bool = False) -> None:
    """Points `db` at the server and checks that it keeps what it commits; connections are made when first used."""
    db.init(
        url.replace("postgres://", "postgresql://", 1),
        max_connections=pool,
        stale_timeout=300,
        timeout=10,
        connect_timeout=5,
        keepalives_idle=30,
        application_name=f"campaign-dispatch {application}",
        options=" ".join(f"-c {name}={value}" for name, value in _PROMISES.items()),
    )
    if not allow_unsafe:
        with db.connection_context():
            if rows("SHOW fsync")[0]["fsync"] != "on":
                raise UnsafeServer("campaign-dispatch: DATABASE_URL: this server runs with fsync=off; turn it on")


def rows(sql: str, params: Mapping[str, Any] | Sequence[Any] | None = None) -> list[dict[str, Any]]:
    """Runs one statement on this thread's connection and gives its rows as dicts ([] when it returns none)."""
    with db.connection().cursor(row_factory=dict_row) as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


def row(sql: str, params: Mapping[str, Any] | Sequence[Any] | None = None) -> dict[str, Any] | None:
    """The first row of the statement, or None: for moves that change one row or find it gone."""
    found = rows(sql, params)
    return found[0] if found else None


def changed(sql: str, params: Mapping[str, Any] | Sequence[Any] | None = None) -> int:
    """Runs one statement and gives how many rows it changed."""
    with db.connection().cursor() as cursor:
        cursor.execute(sql, params)
        return max(cursor.rowcount, 0)
