"""The OpenAPI document, and a page to read it and try it."""

from importlib.resources import files
from itertools import groupby
from typing import Any

from flask import Blueprint, Response
from flask_openapi3 import OpenAPI

from api.http.errors import STATUS
from api.http.idempotency import HEADER, MAX_KEY_CHARACTERS, REPLAYED
from api.http.introduction import EXAMPLES

# Only these lines are ours; everything else on the page comes from the swagger package.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>campaign-dispatch API</title>
<link rel="stylesheet" href="/docs/files/css/swagger-ui.css">
<link rel="icon" href="/docs/files/images/swagger.svg">
</head>
<body>
<div id="page"></div>
<script src="/docs/files/js/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = 'SwaggerUIBundle({url: "/openapi.json", dom_id: "#page", deepLinking: true, docExpansion: "none"});\n'
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)

blueprint = Blueprint(
    "docs",
    __name__,
    url_prefix="/docs",
    static_folder=str(files("flask_openapi3_swagger") / "templates" / "swagger"),
    static_url_path="/files",
)


@blueprint.get("")
def page() -> Response:
    """The page; a key that is typed into it stays in the browser."""
    return Response(_PAGE, mimetype="text/html", headers={"Content-Security-Policy": _POLICY})


@blueprint.get("/start.js")
def start() -> Response:
    """The script that starts the page, in a file of its own, so that the policy can forbid inline scripts."""
    return Response(_START, mimetype="text/javascript")


def install(app: OpenAPI) -> None:
    """Serves both without a key; call it after every route has been registered."""
    # Generated now: two simultaneous first requests would otherwise both generate it, in the same object.
    document = _with_what_holds_everywhere(app.api_doc)
    app.register_blueprint(blueprint)

    @app.route("/")
    def root() -> Response:
        """Leads people who open the address in a browser to what they can look at."""
        return Response(status=302, headers={"Location": "/docs"})

    @app.route("/openapi.json")
    def openapi() -> dict[str, Any]:
        return document


def _with_what_holds_everywhere(document: dict[str, Any]) -> dict[str, Any]:
    """Returns the document with examples, the header that every POST takes, and the refusals that any route has."""
    refusal = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if example := EXAMPLES.get((method, path)):
                operation["requestBody"]["content"]["application/json"]["example"] = example
            if _may_be_left_out(operation, document):
                operation["requestBody"]["required"] = False
            codes = ["RATE_LIMITED", "ACCOUNT_BUSY"]
            if method == "post":
                codes += ["IDEMPOTENCY_MISMATCH", "DUPLICATE"]
                operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
            if str(STATUS["PRECONDITION_FAILED"]) in operation["responses"]:
                operation.setdefault("parameters", []).append(_IF_MATCH)
            for answer in operation["responses"].values():
                if answer.get("content", {}).get("application/json", {}).get("schema") == _ONE_CAMPAIGN:
                    answer["headers"] = {"ETag": _ETAG}
            for status, same in groupby(codes, STATUS.__getitem__):
                described = {"description": " or ".join(same), "content": refusal}
                operation["responses"].setdefault(str(status), described)
    return document


def _may_be_left_out(operation: dict[str, Any], document: dict[str, Any]) -> bool:
    """Returns whether the operation takes a JSON object of which no field is needed."""
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    return bool(name) and not document["components"]["schemas"][name].get("required")


_ONE_CAMPAIGN = {"$ref": "#/components/schemas/CampaignView"}
_ETAG = {"description": "The campaign's revision, for `If-Match`.", "schema": {"type": "string"}}
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the campaign as it was read: 412 if its text, channel or audience was changed since.",
    "schema": {"type": "string", "pattern": r'^(\*|"[0-9]{1,9}")$'},
}
_IDEMPOTENCY_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": f"The same key and body within 24 hours: one effect, and the same answer with {REPLAYED}: true.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARACTERS, "pattern": "^[ -~]+$"},
}
