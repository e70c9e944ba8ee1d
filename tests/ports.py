"""Ports that stay a test's own while nothing listens on them."""

import socket
from contextlib import contextmanager, suppress

from embedded.server import free_port


@contextmanager
def held_port():
    """Yields a loopback port that `free_port` returns to no other process until the end of the block.

    A server that was killed leaves its port free for a while. What still calls it would then speak to another test's.
    """
    with socket.socket() as holder:
        # Bound and not listening, it lets servers listen that allow the address to be reused, as all of ours do.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        while True:
            port = free_port()
            with suppress(OSError):  # someone else was faster
                holder.bind(("127.0.0.1", port))
                break
        yield port
