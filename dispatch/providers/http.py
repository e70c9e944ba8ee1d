"""What an HTTP call to a provider proves: whether the request was sent, and whether a clear answer came back.

Only a call that certainly failed may be tried again. Before the connection is established nothing was sent (deferred);
afterwards the request may have been read, so anything but a complete, readable answer is `unknown`.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from yarl import URL

from dispatch.providers import Answer
from dispatch.providers.guard import NotAllowed, writable
from dispatch.tracing.spans import request_to
from models.row import JsonObject

# Imported late for the reason in sessions.py.
if TYPE_CHECKING:
    import aiohttp

# For a provider's codes: what each means, whatever the HTTP status beside it.
Outcomes: TypeAlias = Mapping[str, Literal["deferred", "retryable", "rejected", "opted_out", "unknown", "halted"]]

# The codes of our own format (docs/providers.md) that say more than the status beside them.
OUR_CODES: Outcomes = {"opted_out": "opted_out"}

FORM = "application/x-www-form-urlencoded"
MAX_REPLY_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that came back; `document` is its JSON object, empty if it had no readable one.

    `text` is the answer of a provider that does not speak JSON; empty if it broke off or is too long.
    """

    status: int
    #: The JSON object of the answer, whatever it holds: each provider reads its own.
    document: JsonObject = field(default_factory=dict)
    retry_after: float | None = None
    text: str = ""
    #: False when the body broke off or is too long.
    complete: bool = True


async def post(
    http: "aiohttp.ClientSession", url: str, document: Any, headers: Mapping[str, str] | None = None
) -> Reply | Answer:
    """Posts JSON and returns the provider's reply, or what its absence means."""
    return await _call(http, "POST", url, json=document, headers=headers)


async def post_form(
    http: "aiohttp.ClientSession", url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> Reply | Answer:
    """Posts a form and returns the provider's reply, or what its absence means."""
    # aiohttp writes a form itself too, in ten times the time, which is an eighth of what a call takes.
    body = URL.build(query=form).raw_query_string.encode()
    return await _call(http, "POST", url, data=body, headers={**(headers or {}), "Content-Type": FORM})


async def post_bytes(
    http: "aiohttp.ClientSession", url: str, body: bytes, headers: Mapping[str, str] | None = None
) -> Reply | Answer:
    """Posts a body as it is and returns the provider's reply, or what its absence means."""
    return await _call(http, "POST", url, data=body, headers=headers)


async def get(http: "aiohttp.ClientSession", url: str, headers: Mapping[str, str] | None = None) -> Reply | Answer:
    """Gets and returns the provider's reply, or what its absence means. Never to send: aiohttp may repeat a GET."""
    return await _call(http, "GET", url, headers=headers)


async def _call(
    http: "aiohttp.ClientSession", method: str, url: str, *, headers: Mapping[str, str] | None, **body: Any
) -> Reply | Answer:
    import aiohttp

    # Found before anything is sent, where no doubt is left.
    if (address := writable(url, headers or {})) is None:
        return Answer("halted", error_code="invalid_address")
    # On a dropped keep-alive connection aiohttp repeats only idempotent methods, so a POST is sent once.
    try:
        with request_to(address.host or "", method) as (span, named):
            sent = {**(headers or {}), **named}
            async with http.request(method, address, headers=sent, allow_redirects=False, **body) as response:
                span.note({"http.response.status_code": response.status})
                text = await _text(response)
                retry_after = _seconds(response.headers.get("Retry-After"))
                return Reply(response.status, _document(text), retry_after, text or "", complete=text is not None)
    except aiohttp.ConnectionTimeoutError:
        return Answer("deferred", error_code="connect_timeout")
    except aiohttp.ClientConnectorDNSError:
        return Answer("deferred", error_code="dns_failed")
    except aiohttp.ClientSSLError:
        return Answer("deferred", error_code="tls_failed")
    except aiohttp.ClientConnectorError as problem:
        if NotAllowed.TEXT in str(problem.os_error):
            return Answer("halted", error_code="address_not_allowed")
        return Answer("deferred", error_code="connect_failed")
    except aiohttp.InvalidURL:
        return Answer("halted", error_code="invalid_address")
    except TimeoutError:
        return Answer("unknown", error_code="timeout")
    except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError):
        return Answer("unknown", error_code="unreadable_reply")
    except (aiohttp.ClientError, OSError, ValueError):
        return Answer("unknown", error_code="connection_lost")


def read(reply: Reply) -> Answer:
    """Returns what a reply means whose JSON has the message's `id`, or an `error` with `code` and `retryable`."""
    if 200 <= reply.status < 300:
        provider_id = short_word(reply.document.get("id"))
        if provider_id is None:
            return Answer("unknown", error_code="unreadable_reply")
        return Answer("accepted", provider_id=provider_id)
    if reply.status == 422 and _error(reply).get("retryable") is True:
        return Answer("retryable", error_code=error_code(reply))
    code = error_code(reply)
    if code is not None and code in OUR_CODES and 400 <= reply.status < 500:
        return Answer(OUR_CODES[code], error_code=code)
    return refusal(reply, code)


def error_code(reply: Reply) -> str | None:
    """Returns the provider's own error code, if the reply has one."""
    return short_word(_error(reply).get("code"))


def _error(reply: Reply) -> JsonObject:
    error = reply.document.get("error")
    return error if isinstance(error, dict) else {}


def refusal(reply: Reply, word: str | None = None, outcomes: Outcomes | None = None) -> Answer:
    """Returns what a reply other than an acceptance means.

    `word` is the provider's own error code, if any; a code that is not among `outcomes` means what the status does.
    From a provider that has `outcomes`, a 404 or 405 without a code means that something else is at this address.
    """
    code = word or f"http_{reply.status}"
    if outcomes and code in outcomes and reply.status < 500:
        return Answer(outcomes[code], error_code=code, retry_after=reply.retry_after)
    if outcomes is not None and word is None and reply.status in (404, 405):
        return Answer("halted", error_code=code)
    if reply.status == 429:
        return Answer("deferred", error_code=code, retry_after=reply.retry_after)
    if reply.status in (401, 403):
        return Answer("halted", error_code=code)
    # Gateways also answer 408 when the server behind them was too slow.
    if 400 <= reply.status < 500 and reply.status != 408:
        return Answer("rejected", error_code=code)
    # 5xx, a redirect (some servers accept a POST with See Other), or a 2xx without an id.
    return Answer("unknown", error_code=code)


def short_word(value: Any) -> str | None:
    """Returns the value if it can be stored as an id or a code: if it is short printable text, or a whole number."""
    word = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return word if isinstance(word, str) and 0 < len(word) <= 128 and word.isprintable() else None


async def _text(response: "aiohttp.ClientResponse") -> str | None:
    """Returns the body; None when it breaks off or is too long.

    The status is complete then: a 429 stays a 429, and a 2xx without an id becomes `unknown`.
    """
    import aiohttp

    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MAX_REPLY_BYTES:
                response.close()
                return None
    except (aiohttp.ClientError, OSError, TimeoutError):
        return None
    return body.decode("utf-8", "replace")


def _document(text: str | None) -> JsonObject:
    try:
        document = json.loads(text or "")
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _seconds(retry_after: str | None) -> float | None:
    """Returns Retry-After, which is a number or a date, in seconds."""
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            until = parsedate_to_datetime(retry_after)
        except (ValueError, OverflowError):
            return None
        seconds = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None
