"""A clock that tests set: what `now()` returns on every connection of this process, until the test ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from models.database import db, row, rows


class Clock:
    """The time that PostgreSQL tells."""

    def set(self, time: datetime) -> None:
        """Sets the clock."""
        rows("UPDATE stopped.clock SET at = %s", [time])

    def advance(self, span: timedelta) -> None:
        """Moves the clock on."""
        rows("UPDATE stopped.clock SET at = at + %s", [span])

    @property
    def now(self) -> datetime:
        """What the clock shows."""
        found = row("SELECT now() AS now")
        assert found is not None
        now: datetime = found["now"]
        return now


@contextmanager
def stopped_at(time: datetime) -> Iterator[Clock]:
    """Stops the clock at this time: a schema of ours, with a `now()` of its own, is searched before PostgreSQL's."""
    rows(
        """CREATE SCHEMA IF NOT EXISTS stopped;
           CREATE TABLE IF NOT EXISTS stopped.clock (at timestamptz NOT NULL);
           TRUNCATE stopped.clock;
           INSERT INTO stopped.clock VALUES ('epoch');
           CREATE OR REPLACE FUNCTION stopped.now() RETURNS timestamptz STABLE LANGUAGE sql
           AS $$ SELECT at FROM stopped.clock $$"""
    )
    _search("stopped, pg_catalog, public")
    clock = Clock()
    clock.set(time)
    try:
        yield clock
    finally:
        _search("DEFAULT")


def _search(path: str) -> None:
    found = row("SELECT current_database() AS name")
    assert found is not None
    rows(f'ALTER DATABASE "{found["name"]}" SET search_path TO {path}')
    # Connections keep the path that they began with.
    db.close_all()
    db.connect()
