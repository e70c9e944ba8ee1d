"""The gunicorn worker of web: a light thread for each connection, so that whoever is slow holds nothing else.

Measured beside gunicorn's threads and granian: docs/why.md.
"""

import os
import sys
from typing import Any

import structlog
from gevent import GreenletExit, socket
from gunicorn.arbiter import Arbiter
from gunicorn.workers.ggevent import GeventWorker

from api.server.crowd import Crowd
from api.server.line import Line
from api.server.refusals import TOO_MANY_CONNECTIONS, code_of, refusal
from config.logging import without_rows
from config.settings import settings

log = structlog.get_logger()


class WebWorker(GeventWorker):
    """gunicorn's gevent worker, with limits in time and in connections per address, which refuses in JSON."""

    #: A pipe with one byte for all workers of this web.
    told: int

    def init_process(self) -> None:
        """Begins, in the new process."""
        chosen = settings()
        # Behind a proxy all clients have its address, and it counts them itself.
        self._most = chosen.web_connections if chosen.trusted_proxies else chosen.web_connections_per_address
        self._crowd = Crowd()
        super().init_process()

    def load_wsgi(self) -> None:
        """Builds the application; what it cannot be built with ends web, since every other worker would end as well."""
        try:
            super().load_wsgi()
        except SystemExit as ended:
            if not isinstance(ended.code, str):
                raise
            if self._is_first_to_tell():
                sys.stderr.write(f"{ended.code}\n")
            sys.exit(Arbiter.WORKER_BOOT_ERROR)

    def _is_first_to_tell(self) -> bool:
        try:
            return bool(os.read(self.told, 1))
        except BlockingIOError:
            return False

    def handle(self, listener: Any, client: socket.socket, addr: Any) -> None:
        """Answers the requests of one connection."""
        line, address = Line(client), addr[0] if isinstance(addr, tuple) else ""
        if not self._crowd.enter(address, most=self._most):
            self._refuse(line, TOO_MANY_CONNECTIONS)
            line.close()
            return
        try:
            super().handle(listener, line, addr)
        finally:
            self._crowd.leave(address)

    def handle_request(self, listener_name: Any, req: Any, sock: Line, addr: Any) -> None:
        """Answers one request; its headers have been read."""
        sock.begin_body()
        try:
            super().handle_request(listener_name, req, sock, addr)
        finally:
            sock.end_body()

    def handle_error(self, req: Any, client: Line, addr: Any, exc: BaseException) -> None:
        """Answers what is no request, or what failed outside the application."""
        if isinstance(exc, GreenletExit):
            return  # the worker ends, and its time to finish is over
        code = code_of(exc)
        if code == "INTERNAL":
            log.error("request.failed", code=code, exception=without_rows(repr(exc)))
        self._refuse(client, code)

    def _refuse(self, line: Line, code: str) -> None:
        try:
            line.sendall(refusal(code))
        except OSError:
            return
