"""rq-dashboard at /rq: read-only, for operators.

By itself it has no authentication, changes queues with some of its GET requests, and reads jobs with pickle; here it
gets the first and loses the other two. Jobs contain only ids, so there is nothing else to hide.
"""

from typing import Any

from flask import Flask, Response, request
from rq import Worker
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from api.http.auth import DASHBOARD, holder
from api.http.errors import refused
from api.rq.safety import check_page, made_safe, readable
from config.redis import enqueueing
from config.settings import Settings
from dispatch.errors import Forbidden, NotFound

# Every view that only reads; what a later version adds is refused until it has been reviewed.
VIEWS = frozenset(
    f"{DASHBOARD}.{view}"
    for view in (
        "queues_overview",
        "workers_overview",
        "jobs_overview",
        "job_view",
        "list_queues",
        "list_jobs",
        "list_workers",
        "job_info",
        "favicon",
        "static",
    )
)


def install(app: Flask, settings: Settings) -> None:
    """Serves the dashboard's views of this deployment's Redis to operator keys."""
    # Imported late: it is heavy, and off by default.
    from rq_dashboard import web

    web.config.serializer = JSONSerializer
    web.Worker, web.Job = JsonWorker, JsonJob
    assert settings.redis_url
    app.config["RQ_DASHBOARD_REDIS_URL"] = settings.redis_url.get_secret_value()
    app.config["RQ_DASHBOARD_DISABLE_DELETE"] = True
    client = enqueueing(settings)
    # Its own connections, one for each page, would ask a Redis that hangs ten times.
    web.from_url = lambda *ignored, **options: (None, client)
    web.setup_rq_connection(app)
    app.before_request(_let_operators_look)
    app.register_error_handler(NoSuchJobError, _no_such_job)
    app.register_blueprint(web.blueprint, url_prefix="/rq")
    app.after_request(_make_safe)
    for view in VIEWS:
        app.view_functions[view] = readable(app.view_functions[view])
    # Its pages refer to a static file of the application, which has none, so they get the dashboard's.
    app.add_url_rule("/rq/static/<path:filename>", "static", build_only=True)


class JsonWorker(Worker):
    """A worker whose current job is read as JSON; nothing read from Redis is ever unpickled."""

    @classmethod
    def all(cls, *args: Any, **options: Any) -> list[Any]:
        """Returns every registered worker."""
        return Worker.all(*args, **{"serializer": JSONSerializer, **options})


class JsonJob(Job):
    """A job that is read as JSON."""

    @classmethod
    def fetch(cls, *args: Any, **options: Any) -> Job:
        """Returns the job with this id."""
        return Job.fetch(*args, **{"serializer": JSONSerializer, **options})


def _let_operators_look() -> None:
    if request.blueprint != DASHBOARD:
        return
    if not holder().operator:
        raise Forbidden("This page is for operators; use an operator's key.")
    if request.method not in ("GET", "HEAD") or request.endpoint not in VIEWS:
        raise Forbidden("This page is read-only; use `python -m cli` to change something.")
    if (request.view_args or {}).get("instance_number", 0) != 0:
        raise NotFound
    check_page()


def _make_safe(response: Response) -> Response:
    return made_safe(response) if request.blueprint == DASHBOARD else response


def _no_such_job(_problem: NoSuchJobError) -> Response:
    return refused(NotFound("There is no such job; it may have ended."))
