"""One database connection for each request that needs one, from the pool of this process."""

import structlog
from flask import Flask, g
from psycopg.errors import UndefinedColumn, UndefinedTable

from config.settings import Settings
from dispatch.errors import NotMigrated
from dispatch.process.schema import check_schema
from dispatch.process.startup import servers_named, warn_of_newer_schema
from models.database import db, open_database
from models.failures import PASSING_ERRORS

log = structlog.get_logger()


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

    A process that started before the migration serves requests as soon as it has been run.
    """
    if "connected" not in g:
        g.connected = db.connect(reuse_if_open=True)
        check_schema()


def disconnect() -> bool:
    """Returns the connection that this request took to the pool, and whether there was one."""
    taken = bool(g.pop("connected", False))
    if taken:
        db.close()
    return taken


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


def install(app: Flask) -> None:
    """Returns each request's connection to the pool when the request is over."""

    @app.teardown_appcontext
    def give_back(_problem: BaseException | None) -> None:
        disconnect()
