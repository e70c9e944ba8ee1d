"""The statements that run: of this thread's connection, from what the server answers, or of every thread."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg import Cursor
from psycopg.pq import Trace

from models.database import db

_COMPLETED = re.compile(r'^B\t\d+\tCommandComplete\t "([^"]+)"', re.MULTILINE)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collects the tag of each statement that ends in the block, in order: `BEGIN`, `SELECT 10`, `COMMIT`."""
    completed: list[str] = []
    connection = db.connection().pgconn
    with tempfile.TemporaryFile("w+", errors="replace") as file:
        connection.trace(file.fileno())
        connection.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        try:
            yield completed
        finally:
            connection.untrace()
            file.seek(0)
            completed += _COMPLETED.findall(file.read())


@contextmanager
def statements_of_all_threads() -> Iterator[list[str]]:
    """Collects the text of each statement that this process runs in the block."""
    ran: list[str] = []
    execute = Cursor.execute

    def noted(cursor: Cursor[Any], query: Any, *arguments: Any, **options: Any) -> Cursor[Any]:
        ran.append(" ".join(str(query).split()))
        return execute(cursor, query, *arguments, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Cursor, "execute", noted)
        yield ran
