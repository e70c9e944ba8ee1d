"""What Prometheus scrapes; docs/metrics.md says what everything means."""

from flask import Blueprint, Response, request

from api.http.auth import METRICS
from api.http.rules import RouteRules
from dispatch.metrics.exposition import of_deployment

blueprint = Blueprint("metrics", __name__)

RULES = {METRICS: RouteRules("read", operators_only=True)}


@blueprint.get("/metrics")
def show() -> Response:
    """Answers within two seconds, without the database too: with what is known."""
    content, content_type = of_deployment(request.headers.get("Accept", ""))
    return Response(content, content_type=content_type)
