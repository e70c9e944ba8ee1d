"""A proxy for all processes of a deployment, through everything that happens to PostgreSQL."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from tests.faults.proxy import DatabaseProxy, Link, _messages


class LastingProxy(DatabaseProxy):
    """Takes connections also while PostgreSQL is away, and cuts them at once; `before` is called for every process."""

    def __init__(self, database_url: str, before: Callable[[Link, bytes], bool]) -> None:
        #: The ports of the connections to PostgreSQL, by the ports of those who have them.
        self.ports: dict[int, int] = {}
        super().__init__(database_url, before)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, (_, port) = self._listener.accept()
                try:
                    link = Link(client, socket.create_connection(self._server))
                except OSError:  # PostgreSQL is away
                    client.close()
                    continue
                self.ports[port] = link.server.getsockname()[1]
                for work in (link.pass_answers, lambda link=link: self._pass_messages(link)):
                    threading.Thread(target=work, daemon=True).start()

    def _pass_messages(self, link: Link) -> None:
        with suppress(OSError):
            for message in _messages(link):
                if link.application and not self._before(link, message):
                    break
                link.server.sendall(message)
        link.cut()
