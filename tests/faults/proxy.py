"""Stands between workers and PostgreSQL: loses the answers to COMMITs, or kills a worker at any of its messages.

It reads the protocol (https://www.postgresql.org/docs/current/protocol-message-formats.html) as far as it must: which
statement a message runs.
"""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

import psutil

from tests.processes import end_by_force

_CHUNK = 1 << 16


class Link:
    """A connection of a process to PostgreSQL."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.application = ""
        #: Statements by the name under which they are prepared.
        self._statements: dict[bytes, bytes] = {}
        self._when_committed: Callable[[], None] | None = None

    def statement_of(self, message: bytes) -> bytes:
        """Returns the statement that this message makes the server run; empty when it makes it run none."""
        kind, body = message[:1], message[5:]
        if kind == b"Q":
            return body.rstrip(b"\0")
        if kind == b"P":
            name, text, *_ = body.split(b"\0", 2)
            self._statements[name] = text
        elif kind == b"B":
            return self._statements.get(body.split(b"\0", 2)[1], b"")
        return b""

    def lose_answer(self, then: Callable[[], None] = lambda: None) -> None:
        """Passes nothing more to the client; does `then` and cuts the connection once the server has committed."""
        self._when_committed = then

    def kill_owner(self) -> None:
        """kill -9 of the process that has the connection."""
        [pid] = [
            each.pid for each in psutil.net_connections("tcp") if each.pid and each.laddr == self.client.getpeername()
        ]
        end_by_force(pid)

    def cut(self) -> None:
        """Cuts the connection."""
        for side in (self.client, self.server):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def pass_answers(self) -> None:
        """Passes what the server says until the connection ends."""
        tail = b""
        with suppress(OSError):
            while data := self.server.recv(_CHUNK):
                if self._when_committed is None:
                    self.client.sendall(data)
                elif b"COMMIT\0" in (tail := tail + data):
                    self._when_committed()
                    break
        self.cut()


class DatabaseProxy:
    """Listens on a port of its own; `before` is called with each message of a send worker before it is passed on.

    When that returns False, the message is not passed on and the connection is cut.
    """

    def __init__(self, database_url: str, before: Callable[[Link, bytes], bool]) -> None:
        self._before = before
        address = urlsplit(database_url)
        self._server = (address.hostname or "127.0.0.1", address.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        user = address.netloc.rpartition("@")[0]
        place = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = urlunsplit(address._replace(netloc=f"{user}@{place}" if user else place))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Takes no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                link = Link(client, socket.create_connection(self._server))
                for work in (link.pass_answers, lambda link=link: self._pass_messages(link)):
                    threading.Thread(target=work, daemon=True).start()

    def _pass_messages(self, link: Link) -> None:
        with suppress(OSError):
            for message in _messages(link):
                if link.application.endswith("worker-send") and not self._before(link, message):
                    break
                link.server.sendall(message)
        link.cut()


def _messages(link: Link) -> Iterator[bytes]:
    """Yields what the client says, message by message; the first ones have no type."""
    data = b""
    while chunk := link.client.recv(_CHUNK):
        data += chunk
        while True:
            head = 1 if link.application else 0
            if len(data) < head + 4:
                break
            size = head + struct.unpack(">I", data[head : head + 4])[0]
            if len(data) < size:
                break
            message, data = data[:size], data[size:]
            if not link.application and b"application_name\0" in message:
                link.application = message.split(b"application_name\0")[1].split(b"\0")[0].decode()
            yield message


@contextmanager
def proxied(database_url: str, before: Callable[[Link, bytes], bool]) -> Iterator[str]:
    """A proxy until the end of the block; yields the address to use instead."""
    proxy = DatabaseProxy(database_url, before)
    try:
        yield proxy.url
    finally:
        proxy.close()
