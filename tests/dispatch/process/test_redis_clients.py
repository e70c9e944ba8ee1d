"""The clients of Redis: which addresses they take, and when they give a connection up."""

import socket

import pytest

from config.redis import counting, enqueueing, problem_with, working
from config.settings import settings

WANTED = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 15_000}
# Not every system has all of them.
OPTIONS = {name: getattr(socket, name) for name in WANTED if hasattr(socket, name)}


@pytest.mark.parametrize("kind", [enqueueing, working, counting])
def test_a_connection_notices_a_peer_that_is_gone(servers, kind):
    with kind(settings()) as client:
        connection = client.connection_pool.get_connection()
        found = {name: connection._sock.getsockopt(socket.IPPROTO_TCP, option) for name, option in OPTIONS.items()}
        connection.disconnect()
    assert found == {name: WANTED[name] for name in OPTIONS}


@pytest.mark.parametrize("kind", [enqueueing, working, counting])
def test_a_unix_socket_is_an_address_too(configure, tmp_path, kind):
    configure(REDIS_URL=f"unix://{tmp_path}/none.sock")
    with kind(settings()) as client:
        assert problem_with(client) == "Redis does not answer."
