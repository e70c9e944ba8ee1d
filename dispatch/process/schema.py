"""Whether the database has the schema that this release works with."""

from functools import lru_cache

from dispatch.errors import NotMigrated
from models.migrate import SchemaGap, schema_gap

MIGRATE = "`python -m cli database migrate`"


@lru_cache(maxsize=1)
def check_schema() -> str | None:
    """Returns a warning if the schema is newer than this release, otherwise None; NotMigrated if it is older.

    A schema that is as it should be is looked at once in a process: migrations only add. A newer one is usable, because
    the previous release runs on it during a deploy.
    """
    gap = schema_gap()
    if gap.pending:
        raise NotMigrated(_why_older(gap))
    if gap.unknown:
        return (
            f"The database is newer than this release, which does not have {_named(gap.unknown)}: "
            f"run the release that applied it ({MIGRATE} cannot go back)."
        )
    return None


def _why_older(gap: SchemaGap) -> str:
    if gap.empty:
        return f"The database does not have this product's tables; run {MIGRATE}."
    if gap.unknown:
        return (
            f"The database was migrated by another release: it lacks {_named(gap.pending)} and has "
            f"{_named(gap.unknown)}. Use that release, or run {MIGRATE}."
        )
    return f"The database is older than this release: it lacks {_named(gap.pending)}. Run {MIGRATE}."


def _named(migrations: tuple[str, ...]) -> str:
    more = len(migrations) - 1
    return migrations[0] + (f" and {more} more" if more else "")
