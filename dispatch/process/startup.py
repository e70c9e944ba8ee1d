"""What a worker or sweeper process does before its work: settings, logs, database."""

import redis
import structlog

from config.logging import start_logging
from config.redis import enqueueing
from config.settings import BadSetting, Settings, settings
from config.shared_metrics import check_metrics_directory
from dispatch.errors import NotMigrated
from dispatch.process.schema import check_schema
from dispatch.tracing.recording import record_spans
from models.database import db, open_database
from models.failures import DATABASE_ERRORS
from models.unreachable import why_unreachable

log = structlog.get_logger()


def start_process(name: str, *, plan_once: bool = False) -> Settings:
    """Starts logging, opens the database and returns the settings; ends with one clear line if that is impossible.

    `models.database` says for which processes a statement can be planned once.
    """
    chosen = servers_named(settings())
    start_logging(chosen, process=name)
    record_spans(chosen, name)
    check_metrics_directory(chosen)
    assert chosen.database_url
    try:
        open_database(
            chosen.database_url.get_secret_value(),
            application=name,
            pool=chosen.database_pool,
            allow_unsafe=chosen.environment == "test",
            statement_sec=chosen.database_timeout_sec,
            plan_once=plan_once,
        )
        with db.connection_context():
            warn_of_newer_schema()
    except NotMigrated as problem:
        raise BadSetting(f"campaign-dispatch: {problem.message}") from None
    except DATABASE_ERRORS as problem:
        why = why_unreachable(problem) or f"DATABASE_URL: PostgreSQL does not answer ({type(problem).__name__})"
        raise BadSetting(f"campaign-dispatch: {why}") from None
    return chosen


def warn_of_newer_schema() -> None:
    """Logs that the database was migrated by a newer release, if it was; NotMigrated if it lacks migrations."""
    if newer := check_schema():
        log.warning("schema.newer", problem=newer)


def servers_named(chosen: Settings) -> Settings:
    """Returns the settings if they name both servers; otherwise ends with one clear line."""
    if chosen.database_url is None:
        raise BadSetting(
            "campaign-dispatch: DATABASE_URL is not set; "
            "for example DATABASE_URL=postgresql://user:password@host:5432/campaigns"
        )
    try:
        enqueueing(chosen).close()
    except (ValueError, redis.RedisError) as problem:
        raise BadSetting(f"campaign-dispatch: REDIS_URL cannot be used ({type(problem).__name__})") from None
    return chosen
