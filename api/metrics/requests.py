"""Counts requests by route and status, and how long they took."""

from time import monotonic

from flask import Flask, Response, g, request

from dispatch.metrics.counted import HTTP_REQUESTS, HTTP_SECONDS

#: What is asked for where there is no route, or with a method that none has: strangers choose those.
UNKNOWN = "unknown"
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def install(app: Flask) -> None:
    """Measures every request; install it before everything else, so that it begins first and ends last."""

    @app.before_request
    def begin() -> None:
        g.began = monotonic()

    @app.after_request
    def count(response: Response) -> Response:
        method = request.method if request.method in _METHODS else UNKNOWN
        route = request.url_rule.rule if request.url_rule else UNKNOWN
        HTTP_REQUESTS.labels(method, route, response.status_code).inc()
        if "began" in g:
            HTTP_SECONDS.labels(method, route).observe(monotonic() - g.began)
        return response
