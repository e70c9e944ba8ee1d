"""What the fault tests share: servers of their own that may be killed, and a deployment on them."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis as redis_py

from embedded.servers import EmbeddedServers, embedded_servers
from tests.faults.deployment import Deployment, deployed
from tests.ports import held_port
from tests.servers import TestServers, server_directory, speak_to


@pytest.fixture(scope="package")
def own_servers() -> Iterator[EmbeddedServers]:
    """A PostgreSQL and a Valkey that these tests may kill and start again."""
    with server_directory() as directory, ExitStack() as ports:
        servers = embedded_servers(directory, durable=False)
        for server in servers:
            server.port = ports.enter_context(held_port())
        try:
            servers.start()
            yield servers
        finally:
            servers.stop()
            for server in servers:
                shutil.rmtree(server.directory, ignore_errors=True)


@pytest.fixture
def deployment(
    servers: TestServers, own_servers: EmbeddedServers, configure: Callable[..., None], tmp_path: Path
) -> Iterator[Deployment]:
    """A deployment with empty tables and an empty Redis, and `python -m jobs` not yet started; the test acts as web."""
    try:
        with deployed(own_servers, tmp_path, configure) as found:
            yield found
    finally:
        speak_to(servers.database_url)


@pytest.fixture
def redis(deployment: Deployment, own_servers: EmbeddedServers) -> Iterator[redis_py.Redis]:
    """A client of the deployment's Redis."""
    assert own_servers.redis
    with redis_py.Redis.from_url(own_servers.redis.url) as client:
        yield client
