"""A clock that tests set: what `now()` returns on every connection of this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from models.database import database_now, db, row, rows
from scheduling.tick import tick

MONDAY = datetime(2030, 1, 7, 8, tzinfo=UTC)
NINE = MONDAY + timedelta(hours=1)
DAY = timedelta(days=1)


@contextmanager
def stopped_clock(time: datetime = MONDAY) -> Iterator[None]:
    """Stops the clock: a schema of ours, with a `now()` of its own, is searched before PostgreSQL's."""
    rows(
        """CREATE SCHEMA IF NOT EXISTS stopped;
           CREATE TABLE IF NOT EXISTS stopped.clock (at timestamptz NOT NULL);
           TRUNCATE stopped.clock;
           INSERT INTO stopped.clock VALUES ('epoch');
           CREATE OR REPLACE FUNCTION stopped.now() RETURNS timestamptz STABLE LANGUAGE sql
           AS $$ SELECT at FROM stopped.clock $$"""
    )
    _search("stopped, pg_catalog, public")
    set_clock(time)
    try:
        yield
    finally:
        _search("DEFAULT")


def set_clock(time: datetime) -> None:
    """Sets the stopped clock."""
    rows("UPDATE stopped.clock SET at = %s", [time])


def advance_clock(span: timedelta) -> None:
    """Moves the stopped clock on."""
    set_clock(database_now() + span)


def tick_at(time: datetime) -> dict[str, int]:
    """Ticks at that time of the stopped clock."""
    set_clock(time)
    return tick()


def _search(path: str) -> None:
    found = row("SELECT current_database() AS name")
    assert found is not None
    rows(f'ALTER DATABASE "{found["name"]}" SET search_path TO {path}')
    # Connections keep the path that they began with.
    db.close_all()
    db.connect()
