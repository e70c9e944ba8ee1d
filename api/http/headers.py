"""The headers that protect whoever reads an answer in a browser, or through a cache."""

from flask import Flask, Response, request

#: Nothing is guessed from an answer's bytes, no page of another origin shows it, and links tell no one where we are.
ON_EVERY_ANSWER = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
#: Answers hold customers and secrets: no cache keeps them, and they are nothing that a browser would run.
ON_API_ANSWERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def install(app: Flask) -> None:
    """Adds them to every answer, refusals too; a page with a policy of its own keeps it."""

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in ON_EVERY_ANSWER.items():
            response.headers[name] = value
        for name, value in ON_API_ANSWERS.items():
            response.headers.setdefault(name, value)
        is_file = (request.endpoint or "").endswith(".static")
        may_be_kept = is_file and response.mimetype not in ("application/json", "text/html")
        if may_be_kept and not response.cache_control.immutable:
            # Of the pages, the same for everyone: a browser may keep it, and asks whether it has changed, unless its
            # address changes with it.
            response.headers["Cache-Control"] = "no-cache"
        return response
