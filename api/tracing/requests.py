"""The trace that a request belongs to: the one that its `traceparent` names, or else a new one."""

from contextlib import ExitStack

from flask import Flask, Response, g, request

from dispatch.tracing.current import here, working_in
from dispatch.tracing.place import HEADER, parse
from dispatch.tracing.spans import trace_of_work


def install(app: Flask) -> None:
    """Lets everything that a request starts belong to its trace, and names that in a header of its answer."""

    @app.before_request
    def enter() -> None:
        g.trace = ExitStack()
        # A header that breaks a rule is no reason to refuse a request: W3C Trace Context has a new trace begin.
        g.trace.enter_context(working_in(parse(request.headers.get(HEADER))))
        # Named by the route and not the path, whose codes of links name people.
        route = request.url_rule.rule if request.url_rule else "unknown"
        about = {"http.request.method": request.method, "http.route": route}
        g.span = g.trace.enter_context(trace_of_work(f"{request.method} {route}", "server", about))

    @app.after_request
    def show(response: Response) -> Response:
        if span := g.get("span"):
            span.note({"http.response.status_code": response.status_code})
            if response.status_code // 100 == 5:
                span.fail(str(response.status_code))
        if place := here():
            response.headers[HEADER] = str(place)
        return response

    @app.teardown_request
    def leave(_problem: BaseException | None) -> None:
        # Threads outlive requests: the next one must not work in this trace.
        if trace := g.pop("trace", None):
            trace.close()
