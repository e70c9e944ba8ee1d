"""A separate Valkey that a test may stop and start."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from embedded.servers import embedded_servers
from embedded.valkey import EmbeddedValkey
from tests.servers import server_directory


@contextmanager
def an_own_redis() -> Iterator[EmbeddedValkey]:
    """A running Valkey that forgets everything when it is stopped, and starts again on the same port."""
    with server_directory() as directory:
        server = embedded_servers(directory, durable=False, postgres=False).redis
        assert server
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def hanging(server: EmbeddedValkey) -> Iterator[None]:
    """Stops the server with SIGSTOP until the end of the block: connections stay open, and nothing answers."""
    assert server.process
    server.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)
