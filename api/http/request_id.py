"""The id of a request: the caller's own if it is harmless, otherwise a new one; on every log line, job and answer."""

import re
from uuid import uuid4

import structlog
from flask import Flask, Response, g, has_request_context, request

HEADER = "X-Request-ID"
# It cannot break a header, a log line or a key.
_HARMLESS = re.compile(r"[A-Za-z0-9._-]{1,64}")


def current() -> str:
    """Returns the id of the request being answered."""
    if has_request_context() and "request_id" not in g:
        given = request.headers.get(HEADER, "")
        g.request_id = given if _HARMLESS.fullmatch(given) else uuid4().hex
    return str(g.request_id)


def install(app: Flask) -> None:
    """Binds the id to the log lines of each request and returns it as a header."""

    @app.before_request
    def begin() -> None:
        g.log_context = structlog.contextvars.bind_contextvars(request_id=current())

    @app.after_request
    def show(response: Response) -> Response:
        response.headers[HEADER] = current()
        return response

    @app.teardown_request
    def end(_problem: BaseException | None) -> None:
        # Threads outlive requests: the log lines of the next request must not have this id.
        if tokens := g.pop("log_context", None):
            structlog.contextvars.reset_contextvars(**tokens)
