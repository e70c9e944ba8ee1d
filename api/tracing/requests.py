"""The trace that a request belongs to: the one that its `traceparent` names, or else a new one."""

from contextlib import ExitStack

from flask import Flask, Response, g, request

from dispatch.tracing.current import here, working_in
from dispatch.tracing.place import HEADER, begin, parse


def install(app: Flask) -> None:
    """Lets everything that a request starts belong to its trace, and names that in a header of its answer."""

    @app.before_request
    def enter() -> None:
        g.trace = ExitStack()
        # A header that breaks a rule is no reason to refuse a request: W3C Trace Context has a new trace begin.
        g.trace.enter_context(working_in(parse(request.headers.get(HEADER)) or begin()))

    @app.after_request
    def show(response: Response) -> Response:
        if place := here():
            response.headers[HEADER] = str(place)
        return response

    @app.teardown_request
    def leave(_problem: BaseException | None) -> None:
        # Threads outlive requests: the next one must not work in this trace.
        if trace := g.pop("trace", None):
            trace.close()
