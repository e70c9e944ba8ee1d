"""Where providers call us: no key, but their signature, over the address at PUBLIC_URL that they were given."""

from flask import Blueprint, Response, request

from api.http.rules import RouteRules
from config.settings import settings
from dispatch.providers import Callback
from dispatch.receipts.hooks import answer_challenge, take_callback

blueprint = Blueprint("hooks", __name__, url_prefix="/hooks")

#: Meta posts up to 3 MB: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
MOST_BYTES = 3 * 1024 * 1024
RULES = {name: RouteRules("read", most_bytes=MOST_BYTES) for name in ("hooks.status", "hooks.inbound")}


# Kannel has no POST, and Vonage lets its customers choose.
@blueprint.route("/<kind>/<provider_id>/status", methods=["GET", "POST"])
def status(kind: str, provider_id: str) -> Response:
    """Stores what became of messages; what is sent again changes nothing. Meta first tries the address out."""
    if request.method == "GET" and "hub.challenge" in request.args:
        return Response(answer_challenge(kind, provider_id, _callback()), mimetype="text/plain")
    take_callback(kind, provider_id, _callback())
    return Response(status=204)


@blueprint.route("/<kind>/<provider_id>/inbound", methods=["GET", "POST"])
def inbound(kind: str, provider_id: str) -> Response:
    """Stores what people wrote; anyone who wrote STOP is suppressed when this answers. Nothing is sent back."""
    return status(kind, provider_id)


def _callback() -> Callback:
    """Returns the request as its sender signed it: behind a proxy, web sees another host than they called."""
    base = str(settings().public_url or request.host_url).rstrip("/")
    query = request.query_string.decode("latin-1")
    url = f"{base}{request.path}?{query}" if query else f"{base}{request.path}"
    return Callback(url, dict(request.headers), request.get_data())
