"""The dialect of Meta's Cloud API for WhatsApp: messages of a number, and signed webhooks of the app.

https://developers.facebook.com/documentation/business-messaging/whatsapp/ (messages, webhooks, error codes),
https://github.com/facebook/openapi (business-messaging-api_v23.0.yaml),
https://developers.facebook.com/docs/graph-api/webhooks/getting-started (X-Hub-Signature-256)
"""

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from dispatch.providers.simulator.desk import LogUnwritable
from dispatch.providers.simulator.dialects import Setup
from dispatch.providers.simulator.dialects.meta_templates import page_of
from dispatch.providers.simulator.phones import Event
from dispatch.providers.simulator.postman import Request, Said, Taken
from models.row import JsonObject

KIND = "whatsapp_cloud"
_PHONE = re.compile(r"\+?([1-9][0-9]{6,14})", re.ASCII)

_DECIDED = {
    "rejected": (400, 131026, "Message undeliverable"),
    "opted_out": (400, 131050, "User has stopped receiving marketing messages from your business"),
    "deferred": (429, 130429, "Rate limit hit"),
    "retryable": (429, 80007, "Rate limit issues"),
    "unknown": (500, 131000, "Something went wrong"),
    "halted": (401, 190, "Error validating access token"),
}
_CODES_PAGE = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"
_CODES = {
    "phone_unreachable": (131026, "Message undeliverable"),
    "number_does_not_exist": (131026, "Message undeliverable"),
    "blocked_by_recipient_or_carrier": (131049, "This message was not delivered to maintain healthy engagement"),
    "filtered_as_spam": (131048, "Spam rate limit hit"),
    "opted_out_at_provider": (131050, "User has stopped receiving marketing messages from your business"),
}


class WhatsappCloudDialect:
    """Any number whose access token is the secret, which is the app's secret as well."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def routes(self) -> list[web.RouteDef]:
        """Returns what it serves."""
        number = "/{version:v[0-9]+\\.[0-9]}/{number:[0-9]{5,30}}"
        return [
            web.post(f"{number}/messages", self._send),
            web.get(number, self._number),
            web.get(f"{number}/message_templates", self._templates),
        ]

    async def _send(self, request: web.Request) -> web.Response:
        if not self._is_authorized(request):
            return _error(*_DECIDED["halted"])
        document = await _document(request)
        if problem := _problem(document):
            return _error(400, 100, f"(#100) {problem}")
        matched = _PHONE.fullmatch(document["to"])
        if matched is None:
            return _error(*_DECIDED["rejected"])
        reference = document.get("biz_opaque_callback_data")
        taken = self._setup.taken(
            KIND,
            provider_id=f"wamid.{secrets.token_urlsafe(24)}",
            phone=f"+{matched[1]}",
            body=_body(document),
            reference=reference if isinstance(reference, str) else None,
            sender=request.match_info["number"],
            channel="whatsapp",
            details={"number": request.match_info["number"], "ref": str(reference or "")},
        )
        try:
            decision = await self._setup.desk.take(taken, self.requests)
        except LogUnwritable:
            return _error(*_DECIDED["unknown"])
        if decision.answer.outcome != "accepted":
            return _error(*_DECIDED[decision.answer.outcome])
        contact = {"input": document["to"], "wa_id": matched[1]}
        message = {"id": taken.provider_id, "message_status": "accepted"}
        return web.json_response({"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]})

    async def _number(self, request: web.Request) -> web.Response:
        if not self._is_authorized(request):
            return _error(*_DECIDED["halted"])
        number = request.match_info["number"]
        shown = {"id": number, "verified_name": "Simulated", "display_phone_number": number, "quality_rating": "GREEN"}
        return web.json_response(shown)

    async def _templates(self, request: web.Request) -> web.Response:
        if not self._is_authorized(request):
            return _error(*_DECIDED["halted"])
        return web.json_response(page_of(request.query.get("after"), request.query.get("limit")))

    def _is_authorized(self, request: web.Request) -> bool:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return scheme == "Bearer" and self._setup.is_secret(token)

    def requests(self, said: Sequence[Said]) -> list[Request]:
        """Returns one signed webhook for each event, as Meta sends them to the one address of the app."""
        return [self._request(taken, event) for taken, event in said]

    def _request(self, taken: Taken, event: Event) -> Request:
        number = taken.details["number"]
        value: JsonObject = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": number, "phone_number_id": number},
            **(_incoming(taken, event) if event.what == "reply" else {"statuses": [_status(taken, event)]}),
        }
        entry = {"id": "100000000000000", "changes": [{"field": "messages", "value": value}]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        signature = hmac.new(self._setup.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
        return Request(taken.url_for(event) or "", body, headers)


async def _document(request: web.Request) -> JsonObject:
    try:
        document = json.loads(await request.read())
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _problem(document: JsonObject) -> str | None:
    if document.get("messaging_product") != "whatsapp":
        return _required("messaging_product")
    if not isinstance(document.get("to"), str) or not document["to"]:
        return _required("to")
    kind: Any = document.get("type", "text")
    if kind not in ("text", "template"):
        return "The parameter type is invalid."
    content = document.get(kind)
    if not isinstance(content, dict):
        return _required(kind)
    if kind == "text":
        return None if isinstance(content.get("body"), str) and content["body"] else _required("text['body']")
    language = content.get("language")
    if not content.get("name") or not isinstance(language, dict) or not language.get("code"):
        return _required("template['name'] or template['language']['code']")
    return next(filter(None, map(_problem_of_component, content.get("components") or ())), None)


def _problem_of_component(component: Any) -> str | None:
    """Returns what is wrong with what fills one part of a template; of a text or a header all or none are named."""
    parameters = component.get("parameters") if isinstance(component, dict) else None
    if not isinstance(parameters, list) or not all(isinstance(each, dict) for each in parameters):
        return "Invalid parameter: template['components'] must have 'parameters'."
    texts = [each for each in parameters if each.get("type") == "text"]
    if not all(isinstance(each.get("text"), str) and each["text"] for each in texts):
        return "Invalid parameter: 'text' is missing or empty."
    names = [each.get("parameter_name") for each in texts]
    if any(names) and (not all(names) or len(set(names)) < len(names) or component.get("type") == "button"):
        return "Invalid parameter: Parameter name is missing or empty."
    return None


def _required(name: str) -> str:
    return f"The parameter {name} is required."


def _body(document: JsonObject) -> str:
    """Returns the text, or of a template its name and the texts of its parameters, with the names of these if any."""
    if document.get("type", "text") == "text":
        return str(document["text"]["body"])
    template = document["template"]
    parts = [part for component in template.get("components", ()) for part in component.get("parameters", ())]
    named = ((f"{part['parameter_name']}=" if "parameter_name" in part else "", part) for part in parts)
    return " | ".join([template["name"], *(f"{name}{part['text']}" for name, part in named if "text" in part)])


def _status(taken: Taken, event: Event) -> JsonObject:
    failed = event.what == "undelivered"
    status: JsonObject = {
        "id": taken.provider_id,
        "status": "failed" if failed else event.what,
        "timestamp": str(int(time.time())),
        "recipient_id": taken.message.phone.removeprefix("+"),
    }
    if taken.details["ref"]:
        status["biz_opaque_callback_data"] = taken.details["ref"]
    if failed:
        code, title = _CODES[event.reason or "phone_unreachable"]
        details = {"details": f"{title}."}
        status["errors"] = [
            {"code": code, "title": title, "message": title, "error_data": details, "href": _CODES_PAGE}
        ]
    elif event.what != "read":
        status["pricing"] = {"billable": True, "pricing_model": "PMP", "category": "marketing"}
    return status


def _incoming(taken: Taken, event: Event) -> JsonObject:
    person = taken.message.phone.removeprefix("+")
    message = {
        "from": person,
        "id": f"{taken.provider_id}.reply",
        "timestamp": str(int(time.time())),
        "type": "text",
        "text": {"body": event.text},
    }
    return {"contacts": [{"profile": {"name": "Someone"}, "wa_id": person}], "messages": [message]}


def _error(status: int, code: int, message: str) -> web.Response:
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": secrets.token_urlsafe(8)}
    return web.json_response({"error": error}, status=status)
