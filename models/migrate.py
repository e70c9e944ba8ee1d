"""Brings the schema up to date, one process at a time."""

from datetime import datetime
from pathlib import Path

from playhouse.migrations import Runner

from models.database import db, rows

_DIRECTORY = Path(__file__).parent.parent / "migrations"
# Any number that no other program locks on this database.
_LOCK = 7_221_001


def migrate() -> list[str]:
    """Applies what is pending and gives the names applied; processes that start together wait for each other."""
    with db.connection_context():
        # The library's runner is not safe against a twin (a duplicate key, seen), hence the lock.
        rows("SET lock_timeout = 0")
        rows("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            return Runner(db, str(_DIRECTORY)).up()
        finally:
            rows("SELECT pg_advisory_unlock(%s)", [_LOCK])
            rows("RESET lock_timeout")


def migration_status() -> list[tuple[str, datetime | None]]:
    """Every migration with the time it was applied, or None while it is pending."""
    with db.connection_context():
        return [(step.name, step.applied) for step in Runner(db, str(_DIRECTORY)).status()]
