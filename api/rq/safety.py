"""What rq-dashboard shows was written by others, and its pages print it as HTML: here it is text, and runs nothing."""

import json
import re
import zlib
from collections.abc import Callable
from functools import wraps
from html import escape
from secrets import token_urlsafe
from typing import Any

from flask import Response, request
from rq.exceptions import DeserializationError

from dispatch.errors import InvalidRequest, NotFound

# Its pages compile their templates with `Function`, hence 'unsafe-eval'; what is printed into them cannot.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'nonce-{nonce}' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
_INLINE = re.compile(r"<script(?![^>]*(?:\ssrc=|text/template))")

REGISTRIES = ("queued", "failed", "started", "deferred", "finished", "canceled", "scheduled")
MAX_PAGE = 1_000_000
MAX_PER_PAGE = 100
# What reading a job raises that someone else wrote into Redis.
_UNREADABLE = (DeserializationError, ValueError, TypeError, KeyError, AttributeError, IndexError, zlib.error)


def made_safe(response: Response) -> Response:
    """Returns the answer with every text in its JSON escaped, or as a page that runs only its own scripts."""
    if response.is_json:
        response.set_data(json.dumps(_escaped(json.loads(response.get_data()))))
    elif response.mimetype == "text/html":
        nonce = token_urlsafe(16)
        page = response.get_data(as_text=True)
        response.set_data(_INLINE.sub(f'<script nonce="{nonce}"', page))
        response.headers["Content-Security-Policy"] = _POLICY.format(nonce=nonce)
    return response


def check_page() -> None:
    """Refuses a list that does not exist, before rq-dashboard asks Redis for it."""
    asked = request.view_args or {}
    if asked.get("registry_name", "queued") not in REGISTRIES:
        raise NotFound(f"There is no such list; there are {', '.join(REGISTRIES)}.")
    if asked.get("order", "asc") not in ("asc", "desc"):
        raise InvalidRequest("The order is asc or desc.", field="order")
    for name, most in (("page", MAX_PAGE), ("per_page", MAX_PER_PAGE)):
        given = str(asked.get(name, "1"))
        # ASCII digits alone: int() also takes 1_0 and digits of other scripts.
        if not re.fullmatch(r"[0-9]{1,7}", given) or not 1 <= int(given) <= most:
            raise InvalidRequest(f"{name} is a number from 1 to {most:,}.", field=name)


def readable(view: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the view, which is NotFound where Redis contains something that is no job, queue or worker."""

    @wraps(view)
    def shown(**arguments: Any) -> Any:
        try:
            return view(**arguments)
        except _UNREADABLE:
            raise NotFound("What Redis contains here cannot be read as a job, a queue or a worker.") from None

    return shown


def _escaped(value: Any) -> Any:
    match value:
        case str():
            return escape(value)
        case dict():
            return {escape(name): _escaped(inner) for name, inner in value.items()}
        case list():
            return [_escaped(inner) for inner in value]
        case _:
            return value
