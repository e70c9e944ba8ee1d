"""PostgreSQL for a while as nobody wants it: without writes, or with connections that are open and answer nothing."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, LiteralString

import psycopg

from config.settings import settings
from models.database import rows
from tests.faults.freezing import thaw
from tests.waiting import wait_until

# The backends of the deployment, not of the test; one in a transaction would keep its locks while it is frozen.
_IDLE = """
SELECT pid, application_name FROM pg_stat_activity
WHERE application_name LIKE 'campaign-dispatch %%' AND application_name NOT LIKE '%% tests' AND state = 'idle'
"""


@contextmanager
def read_only_server() -> Iterator[None]:
    """Every connection, old and new, is refused writes until the end of the block; an operator's is not."""
    url = settings().database_url
    assert url
    with psycopg.connect(url.get_secret_value(), autocommit=True) as operator:
        operator.execute("SET default_transaction_read_only = off")
        _reload(operator, "ALTER SYSTEM SET default_transaction_read_only = on")
        wait_until(lambda: _setting() == "on", "the server has read its configuration")
        try:
            yield
        finally:
            _reload(operator, "ALTER SYSTEM RESET default_transaction_read_only")
            wait_until(lambda: _setting() == "off", "the server has read its configuration again")


@contextmanager
def idle_backends_frozen(applications: set[str] | None = None) -> Iterator[None]:
    """Freezes connections between two of their statements, until the end of the block.

    Those that are idle now or, when applications are named, at least one of each.
    """
    frozen: dict[int, str] = {}

    def freeze_more() -> bool:
        for found in rows(_IDLE):
            pid = found["pid"]
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                frozen[pid] = found["application_name"].removeprefix("campaign-dispatch ")
            if not rows(f"{_IDLE} AND pid = %s", [pid]):  # it began a transaction in between
                frozen.pop(pid, None)
                with suppress(ProcessLookupError):
                    thaw(pid)
        return applications is None or set(frozen.values()) >= applications

    try:
        wait_until(freeze_more, "each process has a frozen backend")
        yield
    finally:
        for pid in frozen:
            with suppress(ProcessLookupError):
                thaw(pid)


@contextmanager
def starts_stall() -> Iterator[None]:
    """Every start waits, with its lock in Redis and before its claim, until the end of the block."""
    with table_locked("customer_import", mode="ACCESS EXCLUSIVE"):
        yield


@contextmanager
def table_locked(table: LiteralString, *, mode: LiteralString) -> Iterator[None]:
    """Anyone who needs a lock that conflicts with this one waits, until the end of the block."""
    with transaction() as blocker:
        blocker.execute(f"LOCK TABLE {table} IN {mode} MODE")
        yield


@contextmanager
def transaction() -> Iterator[psycopg.Connection[Any]]:
    """A transaction beside the deployment's, which is rolled back at the end of the block."""
    url = settings().database_url
    assert url
    with psycopg.connect(url.get_secret_value()) as connection:
        yield connection
        connection.rollback()


def let_transactions_end() -> None:
    """Returns when those that began before now have ended: whatever begins after sees what is committed now."""
    [began] = rows("SELECT clock_timestamp() AS at")
    older = """SELECT 1 FROM pg_stat_activity
               WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start < %s"""
    wait_until(lambda: not rows(older, [began["at"]]), "older transactions end")


def end_connections() -> None:
    """Ends every connection of the deployment."""
    rows(
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE application_name LIKE 'campaign-dispatch %%' AND application_name NOT LIKE '%% tests'""",
        {},
    )


def _reload(operator: psycopg.Connection[Any], change: str) -> None:
    operator.execute(change.encode())
    operator.execute("SELECT pg_reload_conf()")


def _setting() -> str:
    return str(rows("SELECT current_setting('default_transaction_read_only') AS value")[0]["value"])
