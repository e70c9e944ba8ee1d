"""What PostgreSQL raises, through psycopg or wrapped by peewee, as two families; only this file names their classes."""

import peewee
import psycopg
from playhouse.pool import MaxConnectionsExceeded
from psycopg import errors

#: Any trouble with the database: for whoever must outlive it, or only has to say what happened.
DATABASE_ERRORS: tuple[type[Exception], ...] = (psycopg.Error, peewee.PeeweeException, MaxConnectionsExceeded)

#: Trouble that may have passed when the whole transaction is tried again: the server does not answer, restarts, ends
#: the connection or takes no writes (https://www.postgresql.org/docs/current/errcodes-appendix.html). psycopg files
#: some of these under its internal errors, which otherwise stand for faults of ours.
PASSING_ERRORS: tuple[type[Exception], ...] = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    errors.ReadOnlySqlTransaction,
    errors.IdleInTransactionSessionTimeout,
    errors.TransactionTimeout,
    peewee.OperationalError,
    peewee.InterfaceError,
    MaxConnectionsExceeded,
)

#: Those of PASSING_ERRORS that are about one statement and what it waits for, and not about the server.
_OF_ONE_STATEMENT = (
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.DeadlockDetected,
    errors.SerializationFailure,
)


def is_of_one_statement(problem: BaseException) -> bool:
    """Returns whether the server did answer, and the next statement may succeed."""
    return isinstance(getattr(problem, "orig", problem), _OF_ONE_STATEMENT)


def is_read_only(problem: BaseException) -> bool:
    """Returns whether the server refused a write as such: a standby, or default_transaction_read_only."""
    # peewee wraps what the driver raised while it connects, commits or rolls back.
    return isinstance(getattr(problem, "orig", problem), errors.ReadOnlySqlTransaction)


def outdated_plan(problem: Exception) -> Exception | None:
    """Returns a passing error when a prepared statement reads a whole table to which a migration has added a column.

    "cached plan must not change result type", known by what raises it, since the words depend on the server's language.
    """
    checked = isinstance(problem, errors.FeatureNotSupported) and problem.diag.source_function
    if checked != "RevalidateCachedQuery":
        return None
    return psycopg.OperationalError("a table has changed since the statement was prepared")
