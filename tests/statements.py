"""The statements that this thread's connection runs, counted from what the server answers."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

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
