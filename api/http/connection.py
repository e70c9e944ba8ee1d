"""One database connection for each request that needs one, from the pool of this process, which accounts share."""

from collections.abc import Hashable

import structlog
from flask import Flask, current_app, g
from psycopg.errors import UndefinedColumn, UndefinedTable

from api.server.shares import Shares
from config.settings import Settings
from dispatch.errors import DispatchError, NotMigrated
from dispatch.process.schema import check_schema
from dispatch.process.startup import servers_named, warn_of_newer_schema
from models.database import db, open_database
from models.failures import PASSING_ERRORS

log = structlog.get_logger()

# How long a request waits, without a connection, for others of its account to end.
WAIT_SEC = 5.0
# Where the application keeps who has how many of the connections.
_SHARES = "connection_shares"


class AccountBusy(DispatchError):
    """Too many requests of this account are being answered, and they take long; try again when some have ended."""

    code = "ACCOUNT_BUSY"


def open_database_if_there(settings: Settings) -> None:
    """Points at the database; one that does not answer yet is reported by /health and by each request."""
    servers_named(settings)
    assert settings.database_url
    try:
        open_database(
            settings.database_url.get_secret_value(),
            application="web",
            pool=settings.database_pool,
            allow_unsafe=settings.environment == "test",
            statement_sec=settings.database_timeout_sec,
        )
        with db.connection_context():
            warn_of_newer_schema()
    except PASSING_ERRORS:
        # A web process that dies here would be restarted again and again, and could not report what is wrong.
        log.warning("database.unavailable_at_start")
    except NotMigrated as problem:
        log.warning("database.not_migrated", problem=problem.message)


def connect() -> None:
    """Takes a connection for this request, which keeps it until it has been answered; NotMigrated if the schema is old.

    A process that started before the migration serves requests as soon as it has been run. AccountBusy when the account
    of the request, if it is known, has its share of the connections for too long.
    """
    if "connected" not in g:
        if "counted_for" in g and not _has_share(wait_sec=WAIT_SEC):
            raise AccountBusy
        g.connected = db.connect(reuse_if_open=True)
        check_schema()


def count_for(who: Hashable) -> None:
    """Counts the connection of this request, now and whenever it takes another, as one of theirs."""
    g.counted_for = who
    # Whoever has to wait does so without the connection that showed who they are.
    if "connected" in g and not _has_share(wait_sec=0):
        disconnect()
        connect()


def disconnect() -> bool:
    """Returns the connection that this request took to the pool, and whether there was one."""
    taken = bool(g.pop("connected", False))
    if taken:
        db.close()
    if g.pop("has_share", False):
        _shares().put_back(g.counted_for)
    return taken


def _has_share(*, wait_sec: float) -> bool:
    g.has_share = _shares().take(g.counted_for, wait_sec=wait_sec)
    return bool(g.has_share)


def _shares() -> Shares:
    found: Shares = current_app.extensions[_SHARES]
    return found


def missing_schema(problem: Exception) -> NotMigrated | None:
    """Returns the refusal if a statement failed because tables are gone that were there when this process looked.

    Someone has dropped them since, or has restored an older database.
    """
    if isinstance(getattr(problem, "orig", problem), UndefinedTable | UndefinedColumn):
        check_schema.cache_clear()
        try:
            connect()
            check_schema()
        except NotMigrated as refusal:
            return refusal
    return None


def install(app: Flask, settings: Settings) -> None:
    """Returns each request's connection to the pool when the request is over."""
    app.extensions[_SHARES] = Shares(settings.database_pool)

    @app.teardown_appcontext
    def give_back(_problem: BaseException | None) -> None:
        disconnect()
