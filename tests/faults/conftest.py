"""What the fault tests share: servers of their own that may be killed, and a deployment on them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis as redis_py

from dispatch import queues
from embedded.server import free_port
from embedded.servers import EmbeddedServers, embedded_servers
from models.database import db, rows
from models.migrate import migrate
from tests.faults.deployment import QUICK, Deployment
from tests.moves import REFUSED, enforce_moves, forget_refusals, was_refused
from tests.servers import TestServers, server_directory, speak_to


@pytest.fixture(scope="package")
def own_servers() -> Iterator[EmbeddedServers]:
    """A PostgreSQL and a Valkey that these tests may kill and start again."""
    with server_directory() as directory:
        servers = embedded_servers(directory, durable=False)
        try:
            servers.start()
            yield servers
        finally:
            servers.stop()
            for server in servers:
                shutil.rmtree(server.directory, ignore_errors=True)


@pytest.fixture
def deployment(
    servers: TestServers,
    tables: list[str],
    own_servers: EmbeddedServers,
    configure: Callable[..., None],
    tmp_path: Path,
) -> Iterator[Deployment]:
    """A deployment with empty tables and an empty Redis, and `python -m jobs` not yet started; the test acts as web."""
    _make_sure_they_run(own_servers)
    assert own_servers.postgres
    assert own_servers.redis
    simulator_port = free_port()
    configure(
        DATABASE_URL=own_servers.postgres.url,
        REDIS_URL=own_servers.redis.url,
        SIMULATOR_URL=f"http://127.0.0.1:{simulator_port}",
        **QUICK,
    )
    queues.connection.cache_clear()
    speak_to(own_servers.postgres.url)
    try:
        migrate()
        enforce_moves()
        db.connect()
        forget_refusals()
        rows(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
        _empty(own_servers.redis.url)
        with Deployment(own_servers, tmp_path, simulator_port) as found:
            yield found
        db.close_all()
        with db.connection_context():
            assert not was_refused(), REFUSED
    finally:
        queues.connection.cache_clear()
        speak_to(servers.database_url)


@pytest.fixture
def redis(deployment: Deployment, own_servers: EmbeddedServers) -> Iterator[redis_py.Redis]:
    """A client of the deployment's Redis."""
    assert own_servers.redis
    with redis_py.Redis.from_url(own_servers.redis.url) as client:
        yield client


def _empty(redis_url: str) -> None:
    with redis_py.Redis.from_url(redis_url) as client:
        client.flushall()


def _make_sure_they_run(servers: EmbeddedServers) -> None:
    """Starts servers that a failed test may have left dead."""
    for server in servers:
        if server.process is None or server.process.poll() is not None:
            server.start()
