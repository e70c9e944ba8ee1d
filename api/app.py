"""The application: its blueprints, its limits, its document."""

from flask import Flask
from flask_openapi3 import Info, OpenAPI

from api import auth, campaigns, connection, customers, dashboard, errors, health, request_id
from api.json_body import Request, StrictJson
from api.schemas import ErrorAnswer
from config.settings import Settings

MAX_BODY = 1024 * 1024
VERSION = "0.1.0"

BLUEPRINTS = (campaigns.blueprint, customers.blueprint)
# The routes that answered without a prefix before there was one still do.
ALSO_WITHOUT_PREFIX = ("/api/campaigns", "/api/customers")


class Web(OpenAPI):
    """Flask with our request and JSON, which refuse what the database could not hold."""

    request_class = Request
    json_provider_class = StrictJson


def web_app(settings: Settings) -> Flask:
    """The application over an open database."""
    app = Web(
        "api",
        info=Info(title="campaign-dispatch", version=VERSION),
        security_schemes={auth.SCHEME: {"type": "http", "scheme": "bearer"}},
        validation_error_status=errors.STATUS["INVALID_REQUEST"],
        validation_error_model=ErrorAnswer,
        validation_error_callback=errors.refuse_input,
        doc_ui=False,
        static_folder=None,
    )
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.url_map.strict_slashes = False
    request_id.install(app)
    connection.install(app)
    auth.install(app)
    errors.install(app)
    for blueprint in BLUEPRINTS:
        app.register_api(blueprint)
    app.register_blueprint(health.blueprint)
    if settings.rq_dashboard:
        dashboard.install(app, settings)
    _answer_without_prefix(app)
    _serve_document(app)
    return app


def _answer_without_prefix(app: Flask) -> None:
    for rule in list(app.url_map.iter_rules()):
        if rule.rule.startswith(ALSO_WITHOUT_PREFIX):
            view = app.view_functions[rule.endpoint]
            app.add_url_rule(rule.rule.removeprefix("/api"), rule.endpoint, view, methods=rule.methods)


def _serve_document(app: Web) -> None:
    # Generated now: the first two requests for it would otherwise generate it at once, in the same object.
    document = app.api_doc

    @app.route("/openapi.json")
    def openapi() -> dict:
        return document
