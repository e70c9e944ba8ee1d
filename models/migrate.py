"""Brings the schema up to date, one process at a time."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from playhouse.migrations import Runner
from psycopg.errors import DuplicateTable

from models.database import check_encoding, db, rows, scalar

_DIRECTORY = Path(__file__).parent.parent / "migrations"
# Any number that no other program locks on this database.
_LOCK = 7_221_001


class ForeignTables(RuntimeError):
    """The database has tables of another program whose names we need."""


@dataclass(frozen=True, slots=True)
class MigrationStep:
    """A migration, and when it was applied; None while it is pending.

    `known` is false for one that a newer release has applied.
    """

    name: str
    applied_at: datetime | None
    known: bool = True


@dataclass(frozen=True, slots=True)
class SchemaGap:
    """How the schema differs from this release's: what is not applied of it, and what is that it does not have."""

    pending: tuple[str, ...]
    unknown: tuple[str, ...]
    #: Whether the database has none of our tables.
    empty: bool


def migrate() -> list[str]:
    """Applies pending migrations and returns their names; processes that start together wait for each other.

    Each is applied as a whole or not at all; ForeignTables if another program's table is in the way of one, and
    UnsuitableServer before the first one if the database's encoding is not UTF8.
    """
    with db.connection_context():
        check_encoding()
        # Two of the library's runners at once collide (we saw a duplicate key), hence the lock.
        rows("SET lock_timeout = 0")
        rows("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            applied: list[str] = Runner(db, str(_DIRECTORY)).up()
            return applied
        except DuplicateTable as problem:
            raise ForeignTables(
                f"This database belongs to another program ({str(problem).splitlines()[0]}); "
                "create an empty one and name it in DATABASE_URL."
            ) from None
        finally:
            rows("SELECT pg_advisory_unlock(%s)", [_LOCK])
            rows("RESET lock_timeout")


def migration_status() -> list[MigrationStep]:
    """Returns every migration, oldest first."""
    with db.connection_context():
        steps = Runner(db, str(_DIRECTORY)).status()
    return [MigrationStep(step.name, step.applied, known=step.path is not None) for step in steps]


def schema_gap() -> SchemaGap:
    """Compares the database of this thread's connection with this release, in two statements that lock nothing."""
    ours = {path.stem for path in _DIRECTORY.glob("[0-9]*.py")}
    recorded = scalar("SELECT to_regclass('schema_migration') IS NOT NULL")
    applied = {found["name"] for found in rows("SELECT name FROM schema_migration")} if recorded else set()
    return SchemaGap(tuple(sorted(ours - applied)), tuple(sorted(applied - ours)), empty=not applied)
