"""Runs a Flask app on a real socket, and answers some of its requests with a fault instead."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask, Response, request
from werkzeug.serving import WSGIRequestHandler, make_server

Fault = Callable[[Flask], Response]


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        """Keeps the output of a test for its failures."""


@dataclass
class Double:
    """A service under test: its app, its URL while it runs, the requests that it has read, and the faults to come."""

    app: Flask
    url: str = ""
    requests: list[str] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    #: Set at the end, for requests that are never answered.
    ended: threading.Event = field(default_factory=threading.Event)

    def fail(self, *faults: Fault) -> None:
        """Answers the next requests with these faults, one each."""
        self.faults.extend(faults)


@contextmanager
def serving(double: Double) -> Iterator[Double]:
    """Serves the double until the end of the block."""
    double.app.before_request(lambda: _note_or_fail(double))
    server = make_server("127.0.0.1", 0, double.app, threaded=True, request_handler=_Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    double.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield double
    finally:
        double.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def status(code: int, **headers: str) -> Fault:
    """Answers with this status; `Retry_After="1"` becomes the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda app: Response('{"error": {}}', code, named, content_type="application/json")


def says(body: str) -> Fault:
    """Answers 200 with this body."""
    return lambda app: Response(body, 200, content_type="application/json")


def cut(app: Flask) -> Response:
    """Answers with the first half of the answer, and hangs up."""
    whole = app.view_functions[request.endpoint or ""](**(request.view_args or {})).get_data()
    headers = {"Content-Length": str(len(whole)), "Connection": "close"}
    return Response([whole[: len(whole) // 2]], 200, headers, content_type="application/json")


def _note_or_fail(double: Double) -> Response | None:
    double.requests.append(f"{request.method} {request.path}")
    if not double.faults:
        return None
    request.get_data()  # what is left unread may be taken for the connection's next request
    return double.faults.popleft()(double.app)


def never(double: Double) -> Fault:
    """Reads the request and does not answer before the test ends."""

    def hold(app: Flask) -> Response:
        double.ended.wait()
        return Response("", 503, {"Connection": "close"})

    return hold
