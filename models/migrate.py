"""Brings the schema up to date, one process at a time."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from playhouse.migrations import Runner

from models.database import db, rows

_DIRECTORY = Path(__file__).parent.parent / "migrations"
# Any number that no other program locks on this database.
_LOCK = 7_221_001


@dataclass(frozen=True, slots=True)
class MigrationStep:
    """A migration, and when it was applied; None while it is pending."""

    name: str
    applied_at: datetime | None


def migrate() -> list[str]:
    """Applies pending migrations and returns their names; processes that start together wait for each other."""
    with db.connection_context():
        # Two of the library's runners at once collide (we saw a duplicate key), hence the lock.
        rows("SET lock_timeout = 0")
        rows("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            applied: list[str] = Runner(db, str(_DIRECTORY)).up()
            return applied
        finally:
            rows("SELECT pg_advisory_unlock(%s)", [_LOCK])
            rows("RESET lock_timeout")


def migration_status() -> list[MigrationStep]:
    """Returns every migration, oldest first."""
    with db.connection_context():
        return [MigrationStep(step.name, step.applied) for step in Runner(db, str(_DIRECTORY)).status()]
