"""What a worker or sweeper process does before its work: settings, logs, database."""

import redis
from peewee import DatabaseError

from config.logging import start_logging
from config.redis import enqueueing
from config.settings import BadSetting, Settings, settings
from models.database import open_database


def start_process(name: str) -> Settings:
    """Starts logging, opens the database and returns the settings; ends with one clear line if that is impossible."""
    chosen = servers_named(settings())
    start_logging(chosen, process=name)
    assert chosen.database_url
    try:
        open_database(
            chosen.database_url.get_secret_value(),
            application=name,
            pool=chosen.database_pool,
            allow_unsafe=chosen.environment == "test",
        )
    except DatabaseError as problem:
        raise BadSetting(
            f"campaign-dispatch: DATABASE_URL: PostgreSQL does not answer ({type(problem).__name__})"
        ) from None
    return chosen


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
