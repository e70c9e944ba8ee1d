"""The Flask application: its routes, its limits and its OpenAPI document."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Response
from flask import Request as AnyRequest
from flask.sessions import NullSession, SessionInterface
from flask_openapi3 import Info, OpenAPI
from pydantic import BaseModel

from api.console.site import console
from api.hooks import replies
from api.hooks import routes as hooks
from api.http import (
    address,
    auth,
    body,
    connection,
    documentation,
    errors,
    headers,
    limits,
    methods,
    places,
    queries,
    request_id,
)
from api.http.bad_input import refuse_input
from api.http.error_answer import ErrorAnswer
from api.http.introduction import INTRODUCTION
from api.http.json_body import Request, StrictJson
from api.links import routes as links
from api.metrics import requests as measured
from api.metrics import routes as metrics
from api.routes import (
    accounts,
    attributes,
    audit_events,
    automation,
    campaign_actions,
    campaigns,
    credits,
    customers,
    doctor,
    events,
    health,
    imports,
    keys,
    lists,
    messages,
    previews,
    providers,
    schedules,
    segments,
    suppressions,
    templates,
    webhooks,
)
from api.rq import dashboard
from api.tracing import requests as traced
from config.settings import Settings
from config.version import release
from dispatch.campaigns.view import CampaignView
from dispatch.start.occurrences import register_occurrences

ROUTES = (
    campaigns.routes,
    campaign_actions.routes,
    attributes.routes,
    customers.routes,
    imports.routes,
    lists.routes,
    suppressions.routes,
    messages.routes,
    replies.routes,
    previews.routes,
    templates.routes,
    segments.routes,
    schedules.routes,
    webhooks.routes,
    events.routes,
    doctor.routes,
    automation.routes,
    accounts.routes,
    keys.routes,
    credits.routes,
    providers.routes,
    providers.of_channels,
    audit_events.routes,
)
# The routes that answered without a prefix before there was one still do.
ALSO_WITHOUT_PREFIX = ("/api/campaigns", "/api/customers")


class NoSessions(SessionInterface):
    """Sessions of Flask's, which no page has: those of the console are rows (`api/console/sessions.py`)."""

    _none = NullSession()

    def open_session(self, app: Flask, request: AnyRequest) -> NullSession:
        """Returns one that refuses to be written to."""
        return self._none


class Web(OpenAPI):
    """Flask with our request and JSON classes, which refuse what the database could not store."""

    request_class = Request
    json_provider_class = StrictJson
    session_interface = NoSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Returns the function: Flask asks twenty times in a request whether one is a coroutine, and none is."""
        return func

    def make_response(self, rv: Any) -> Response:
        """Answers with the JSON of a view of `dispatch`, alone or with a status."""
        match rv:
            case BaseModel():
                rv = rv.model_dump(mode="json"), _etag(rv)
            case (BaseModel() as view, status):
                rv = view.model_dump(mode="json"), status, _etag(view)
        return super().make_response(rv)

    def make_default_options_response(self) -> Response:
        """Returns the methods of an address, without those of a similar address with an id."""
        response = super().make_default_options_response()
        if own := methods.own_methods():
            response.headers["Allow"] = ", ".join(own)
        return response


def _etag(view: BaseModel) -> dict[str, str]:
    """Returns the header that names the revision of a campaign; none for anything else."""
    return {"ETag": f'"{view.revision}"'} if isinstance(view, CampaignView) else {}


def web_app(settings: Settings) -> Flask:
    """Returns the application; the database is already open."""
    register_occurrences()
    app = Web(
        "api",
        info=Info(title="campaign-dispatch", version=release(), description=INTRODUCTION),
        security_schemes={auth.SCHEME: {"type": "http", "scheme": "bearer"}},
        validation_error_status=errors.STATUS["INVALID_REQUEST"],
        validation_error_model=ErrorAnswer,
        validation_error_callback=refuse_input,
        doc_ui=False,
        static_folder=None,
    )
    app.url_map.strict_slashes = False
    # These redirect to the name in the Host header, which a stranger chooses, and do so before the key is looked at.
    app.url_map.merge_slashes = app.url_map.redirect_defaults = False
    measured.install(app)
    address.install(app, settings)
    request_id.install(app)
    traced.install(app)
    headers.install(app)
    connection.install(app, settings)
    methods.install(app)
    of_pages = hooks.RULES | links.RULES | metrics.RULES | console.rules
    rules = of_pages | {endpoint: each for routes in ROUTES for endpoint, each in routes.rules.items()}
    auth.install(app, rules, settings)
    limits.install(app, settings)
    for part in (queries, body, places, errors):
        part.install(app)
    for routes in ROUTES:
        app.register_api(routes)
    for blueprint in (health.blueprint, metrics.blueprint, hooks.blueprint, links.blueprint, console):
        app.register_blueprint(blueprint)
    if settings.rq_dashboard:
        dashboard.install(app, settings)
    _answer_without_prefix(app)
    documentation.install(app)
    return app


def _answer_without_prefix(app: Flask) -> None:
    for rule in list(app.url_map.iter_rules()):
        if rule.rule.startswith(ALSO_WITHOUT_PREFIX):
            view = app.view_functions[rule.endpoint]
            # Flask adds OPTIONS and HEAD; named here, OPTIONS would run the view.
            methods_of_view = (rule.methods or set()) - {"OPTIONS", "HEAD"}
            app.add_url_rule(rule.rule.removeprefix("/api"), rule.endpoint, view, methods=methods_of_view)
