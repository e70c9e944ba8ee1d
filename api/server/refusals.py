"""What is answered to what is no request: in JSON, as every refusal, though the application never sees it."""

import json
from http.client import responses
from uuid import uuid4

import structlog
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException

from api.http import headers, request_id
from api.http.errors import RETRY_AFTER_SEC, STATUS

log = structlog.get_logger()

TOO_MANY_CONNECTIONS = "TOO_MANY_CONNECTIONS"
_MESSAGES = {
    "ADDRESS_TOO_LONG": "The address is too long; send long values in the body, or ask for less at a time.",
    "HEADERS_TOO_LARGE": "The request has too many headers, or one that is too long.",
    "INVALID_REQUEST": "This is no HTTP request that can be read.",
    TOO_MANY_CONNECTIONS: "This address has too many connections open; close some, or use them for more requests.",
    "INTERNAL": "Internal error. Quote the requestId when you report it.",
}


def code_of(problem: BaseException) -> str:
    """Returns the code of what gunicorn found wrong before there was a request."""
    match problem:
        case LimitRequestLine():
            return "ADDRESS_TOO_LONG"
        case LimitRequestHeaders():
            return "HEADERS_TOO_LARGE"
        case ParseException():
            return "INVALID_REQUEST"
        case _:
            return "INTERNAL"


def refusal(code: str) -> bytes:
    """Returns the whole answer, after which the connection ends, and logs that it was refused."""
    given = uuid4().hex
    log.info("request.refused", code=code, request_id=given)
    body = json.dumps({"error": {"code": code, "message": _MESSAGES[code]}, "requestId": given}).encode()
    status = STATUS[code]
    fields = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        request_id.HEADER: given,
        **headers.ON_EVERY_ANSWER,
        **headers.ON_API_ANSWERS,
        **({"Retry-After": str(RETRY_AFTER_SEC)} if code == TOO_MANY_CONNECTIONS else {}),
    }
    lines = [f"HTTP/1.1 {status} {responses[status]}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
