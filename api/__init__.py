"""The web door. A route parses, calls the hall and answers; everything else about HTTP is in this package too.

`app.py` puts the parts together, `auth.py` lets in, `errors.py` refuses, `request_id.py` names each request, and
each remaining file is one kind of resource. A new resource is a new file with a blueprint, named in `app.py`.
"""

from flask import Flask


def create_app() -> Flask:
    """The application with its settings read, its logs started and its database named: for gunicorn."""
    # Imported late: `import api` alone costs nothing and reads nothing.
    from api.app import web_app
    from api.connection import open_database_if_there
    from config.logging import start_logging
    from config.settings import settings

    start_logging(settings(), process="web")
    open_database_if_there(settings())
    return web_app(settings())
