"""The HTTP API. A route parses, calls `dispatch` and answers.

`app.py` assembles the application, `http/` is what applies to every route (keys, limits, idempotency, errors),
`server/` is how gunicorn serves it, `rq/` shows the queues to operators, `metrics/` is for Prometheus, and `routes/`
has one file per kind of resource. A new resource is a new file there with a blueprint, named in `app.py`.
"""

from flask import Flask


def create_app() -> Flask:
    """Reads the settings, starts logging, configures the database and returns the application, for gunicorn."""
    # Imported late, so that `import api` alone costs nothing and reads nothing.
    from api.app import web_app
    from api.http.connection import open_database_if_there
    from config.logging import start_logging
    from config.settings import settings
    from dispatch.tracing.recording import record_spans

    start_logging(settings(), process="web")
    record_spans(settings(), "web")
    open_database_if_there(settings())
    return web_app(settings())
