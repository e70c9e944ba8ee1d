"""The servers under test: embedded PostgreSQL and Valkey, or those that DATABASE_URL and REDIS_URL name."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from embedded.processes import LocalProcesses
from embedded.servers import embedded_servers
from models.database import db, open_database, rows

# TRUNCATE replaces the files of all 48 tables and of their indexes, since every table refers to accounts: 70 to 110 ms.
# Deleting a few rows takes 3 ms, with triggers and foreign keys left aside. A test that wrote many leaves TRUNCATE to
# give back their space, so that no later one measures a table that has holes.
SMALL_BYTES = 512 * 1024

_APPLICATION = "tests"
_EMPTY = f"""
    DO $$
    DECLARE
        ours CONSTANT oid[] := (
            SELECT array_agg(oid) FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'schema_migration'
        );
        written CONSTANT oid[] := (SELECT array_agg(id) FROM unnest(ours) AS id WHERE pg_relation_size(id) > 0);
        id oid;
    BEGIN
        IF (SELECT max(pg_total_relation_size(each)) FROM unnest(written) AS each) > {SMALL_BYTES} THEN
            EXECUTE 'TRUNCATE ' || (SELECT string_agg(each::regclass::text, ', ') FROM unnest(ours) AS each)
                || ' RESTART IDENTITY CASCADE';
        ELSE
            SET LOCAL session_replication_role = replica;
            FOREACH id IN ARRAY coalesce(written, '{{}}') LOOP
                EXECUTE 'DELETE FROM ' || id::regclass;
            END LOOP;
        END IF;
        FOR id IN
            SELECT seqrelid FROM pg_sequence
            WHERE pg_sequence_last_value(seqrelid) IS NOT NULL AND seqrelid::regclass::text NOT LIKE 'schema_migration%'
        LOOP
            EXECUTE 'ALTER SEQUENCE ' || id::regclass || ' RESTART';
        END LOOP;
    END $$"""


@dataclass(frozen=True)
class TestServers:
    """Where the servers under test are; the database is new and empty."""

    __test__ = False

    database_url: str
    redis_url: str


@contextmanager
def running_servers() -> Iterator[TestServers]:
    """Runs both servers until the end of the block and leaves nothing behind."""
    # The real environment only, not .env: tests must not empty a developer's own Redis.
    database_url, redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    with ExitStack() as stack:
        own_database, own_redis = stack.enter_context(_embedded(postgres=not database_url, redis=not redis_url))
        if database_url:
            own_database = stack.enter_context(fresh_database(database_url))
        if redis_url:
            own_redis = _empty_redis(redis_url)
        yield TestServers(own_database, own_redis)


def speak_to(database_url: str) -> None:
    """Points this process at a database under test, with room for racing threads and what ended ones never returned."""
    if not db.deferred:  # it is connected to another one
        db.close_all()
    open_database(database_url, application=_APPLICATION, pool=180, allow_unsafe=True)


def speak_to_again(database_url: str) -> None:
    """Does so again if web or a verb has opened the database in this process since, with a smaller pool."""
    if db.deferred or db.connect_params["application_name"] != f"campaign-dispatch {_APPLICATION}":
        speak_to(database_url)


def empty_tables() -> None:
    """Leaves every table empty and every id counted from 1; the tables' definitions stay."""
    rows(_EMPTY)


@contextmanager
def server_directory() -> Iterator[Path]:
    """Yields a directory that the servers' user can reach even when the tests run as root, and then removes it."""
    directory = Path(tempfile.mkdtemp(prefix="campaign-dispatch-test-"))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _embedded(*, postgres: bool, redis: bool) -> Iterator[tuple[str, str]]:
    with server_directory() as directory:
        servers = embedded_servers(directory, durable=False, postgres=postgres, redis=redis)
        processes = LocalProcesses(directory)  # their reaper ends them even when the tests are killed
        try:
            for server in servers:
                processes.start(server.name, server.launch)
            for server in servers:
                server.wait_until_ready()
            yield (
                servers.postgres.superuser_url if servers.postgres else "",
                servers.redis.url if servers.redis else "",
            )
        finally:
            processes.end()
            for server in servers:
                shutil.rmtree(server.directory, ignore_errors=True)


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """Yields the address of a new, empty database on the server, and then drops it."""
    name = f"campaigns_test_{secrets.token_hex(4)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _empty_redis(url: str) -> str:
    with redis.Redis.from_url(url) as client:
        if client.dbsize():
            raise SystemExit("REDIS_URL names a Redis that holds keys, and the tests would delete them")
    return url
