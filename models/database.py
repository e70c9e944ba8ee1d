"""The one database of this process, and the few ways to run SQL on it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias, TypeVar, overload

import structlog
from psycopg import Cursor, capabilities
from psycopg.rows import dict_row

from models.connection import DEFAULT_STATEMENT_SEC, TCP_LIMITS, Database

log = structlog.get_logger()

T = TypeVar("T")
Line = TypeVar("Line", bound=NamedTuple)
Params: TypeAlias = Mapping[str, Any] | Sequence[Any] | None

db = Database(None, autoconnect=False)

# For every connection: commits are durable, no transaction stays open while its process waits for something else, and
# no lock or statement is waited for indefinitely.
_CONNECTION = {
    "synchronous_commit": "on",
    "idle_in_transaction_session_timeout": "30s",
    "lock_timeout": "10s",
    "timezone": "UTC",
}
# In the output of the last statement of a transaction: its commit is not waited for, which is the larger part
# of a short statement. Only for notes that nobody minds losing when the server crashes, or that the next commit makes
# durable too, since the log has one order.
COMMIT_WITHOUT_WAITING = "set_config('synchronous_commit', 'off', true)"
# Each statement is planned once, and to find rows by an index, which stays right whatever the tables grow to meanwhile.
# What is looked up for one message is not kept for the next, which is always another: a twentieth of the send path.
_PLANNED_ONCE = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_memoize": "off"}


#: Enough that the number of round trips does not matter, few enough for flat memory.
ROWS_PER_FETCH = 5_000
# Libraries of PostgreSQL before 17 return one row at a time.
_ROWS_PER_READ = 500 if capabilities.has_stream_chunked() else 1
# The oldest major version that PostgreSQL's own project maintains: https://www.postgresql.org/support/versioning/
OLDEST_MAJOR = 15


class UnsuitableServer(SystemExit):
    """PostgreSQL is too old, its database has no room for every letter, or a crash may lose committed rows (fsync)."""


def open_database(
    url: str,
    *,
    application: str,
    pool: int = 16,
    allow_unsafe: bool = False,
    statement_sec: int = DEFAULT_STATEMENT_SEC,
    plan_once: bool = False,
) -> None:
    """Points `db` at the server and checks its version, its encoding and that its commits are durable.

    With `allow_unsafe` nothing is checked, and connections are opened when they are first used. A statement is given up
    after `statement_sec` seconds. With `plan_once` a statement that a connection runs again and again is not planned
    for each of its values: for processes whose statements all look rows up by their keys.
    """
    limits = _CONNECTION | {"statement_timeout": f"{statement_sec}s"} | (_PLANNED_ONCE if plan_once else {})
    db.statement_sec = statement_sec
    db.init(
        url.replace("postgres://", "postgresql://", 1),
        max_connections=pool,
        stale_timeout=300,
        timeout=10,
        connect_timeout=5,
        **TCP_LIMITS,
        client_encoding="UTF8",
        application_name=f"campaign-dispatch {application}",
        options=" ".join(f"-c {name}={value}" for name, value in limits.items()),
    )
    if not allow_unsafe:
        with db.connection_context():
            check_server()


@contextmanager
def connected() -> Iterator[None]:
    """Has a connection until the end of the block: the one that this thread has already, or one of the pool."""
    taken = db.connect(reuse_if_open=True)
    try:
        yield
    finally:
        if taken:
            db.close()


@contextmanager
def long_statements(seconds: int) -> Iterator[None]:
    """Lets each statement of this thread take so long until the end of the block; to be used outside a transaction."""
    connection = db.connection()
    rows("SELECT set_config('statement_timeout', %s, false)", [f"{seconds}s"])
    usual, connection.statement_sec = connection.statement_sec, seconds
    try:
        yield
    finally:
        connection.statement_sec = usual
        if not connection.closed:
            rows("RESET statement_timeout")


def check_server() -> None:
    """Raises UnsuitableServer unless this thread's connection is to a server on which the promises hold."""
    check_encoding()
    found = one(
        """SELECT current_setting('server_version') AS version, current_setting('fsync') AS fsync,
                  current_setting('server_version_num')::int / 10000 AS major"""
    )
    if found["major"] < OLDEST_MAJOR:
        raise UnsuitableServer(
            f"campaign-dispatch: DATABASE_URL: this is PostgreSQL {found['version']}, "
            f"and the oldest supported version is {OLDEST_MAJOR}; upgrade the server or name another one"
        )
    if found["fsync"] != "on":
        raise UnsuitableServer("campaign-dispatch: DATABASE_URL: this server runs with fsync=off; turn it on")


def check_encoding() -> None:
    """Raises UnsuitableServer unless the database of this thread's connection has a place for every letter."""
    # What the server says by itself; a statement would return texts as they are stored, which may be bytes.
    encoding = db.connection().info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise UnsuitableServer(
            f"campaign-dispatch: DATABASE_URL: the encoding of this database is {encoding}, and it must be UTF8; "
            "create another one with CREATE DATABASE campaigns ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0"
        )


def dicts(sql: str, params: Params = None, *, keys: Sequence[str]) -> list[dict[str, Any]]:
    """Returns the rows as dicts with these keys, in the order of the columns, whose own names end after 63 bytes."""
    with db.connection().cursor() as cursor:
        return [dict(zip(keys, values, strict=True)) for values in cursor.execute(sql, params).fetchall()]


def tuples(sql: str, params: Params = None) -> list[tuple[Any, ...]]:
    """Returns the rows of one query as tuples, which are read while the server looks for the next ones."""
    with db.connection().cursor() as cursor:
        return list(cursor.stream(sql, params, size=_ROWS_PER_READ))


# Without `into` a row is a dict: for what does not leave the function that asked.
@overload
def rows(sql: str, params: Params = None) -> list[dict[str, Any]]: ...
@overload
def rows(sql: str, params: Params = None, *, into: type[T]) -> list[T]: ...
def rows(sql: str, params: Params = None, *, into: type[Any] | None = None) -> list[Any]:
    """Runs one statement on this thread's connection and returns its rows ([] for a statement without any).

    They are dicts, or instances of the dataclass `into`; columns that it does not have are ignored.
    """
    with db.connection().cursor(row_factory=_instances_of(into) if into else dict_row) as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.rownumber is not None else []


@overload
def row(sql: str, params: Params = None) -> dict[str, Any] | None: ...
@overload
def row(sql: str, params: Params = None, *, into: type[T]) -> T | None: ...
def row(sql: str, params: Params = None, *, into: type[Any] | None = None) -> Any:
    """Returns the first row of the statement, or None: for moves that change one row, or none if it is gone."""
    found = rows(sql, params, into=into) if into else rows(sql, params)
    return found[0] if found else None


@overload
def one(sql: str, params: Params = None) -> dict[str, Any]: ...
@overload
def one(sql: str, params: Params = None, *, into: type[T]) -> T: ...
def one(sql: str, params: Params = None, *, into: type[Any] | None = None) -> Any:
    """Returns the row of a statement that always has one; LookupError when it has none."""
    found = row(sql, params, into=into) if into else row(sql, params)
    if found is None:
        raise LookupError("a statement that always returns a row returned none")
    return found


def count(sql: str, params: Params = None) -> int:
    """Returns the number that a statement of one row and one column returns."""
    return int(scalar(sql, params))


def scalar(sql: str, params: Params = None) -> Any:
    """Returns the first column of the first row, or None when there is no row."""
    with db.connection().cursor() as cursor:
        found = cursor.execute(sql, params).fetchone()
    return found[0] if found else None


def stream(sql: str, params: Params, *, into: type[Line]) -> Iterator[Line]:
    """Yields the rows of one statement as named tuples, in the order of its columns, with flat memory.

    A transaction is open until the last one is read, so whoever reads must not wait for anything else meanwhile.
    """
    with db.atomic():
        # All rows are read: without this, PostgreSQL would look for a plan that returns the first ones soon.
        rows("SET LOCAL cursor_tuple_fraction = 1")
        with db.connection().cursor(name="stream") as cursor:
            cursor.itersize = ROWS_PER_FETCH
            cursor.execute(sql, params)
            yield from map(into._make, cursor)


def drop_connection() -> None:
    """Drops this thread's connection, which may be broken or in the middle of a transaction."""
    try:
        db.manual_close()
    except Exception:
        log.debug("connection.close_failed")


def database_now() -> datetime:
    """Returns the time by which everything is judged: that of PostgreSQL, when the transaction began."""
    now: datetime = scalar("SELECT now()")
    return now


def takes_writes() -> bool:
    """Returns whether the server takes writes; a standby does not, and neither does one that is told not to."""
    return bool(scalar("SELECT current_setting('transaction_read_only') = 'off'"))


def changed(sql: str, params: Params = None) -> int:
    """Runs one statement and returns how many rows it changed."""
    with db.connection().cursor() as cursor:
        count: int = cursor.execute(sql, params).rowcount
        return max(count, 0)


def _instances_of(kind: type[T]) -> Callable[[Cursor[Any]], Callable[[Sequence[Any]], T]]:
    """Returns the psycopg row factory that builds an instance of a dataclass from each row."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]

    def of_cursor(cursor: Cursor[Any]) -> Callable[[Sequence[Any]], T]:
        # The names alone: the descriptions of 45 columns would take as long as the statement.
        result = cursor.pgresult
        columns = [(result.fname(at) or b"").decode() for at in range(result.nfields)] if result else []
        places = [(at, name) for at, name in enumerate(columns) if name in known]
        return lambda values: kind(**{name: values[at] for at, name in places})

    return of_cursor
