"""What an HTTP call to a provider proves: did the bytes leave, and did a clear answer come back.

Only what is certain may be tried again. As long as no connection stands nothing was sent (deferred); once it
stands the request may have been read, so anything but a whole, readable answer is `unknown`.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from dispatch.providers import Answer

MAX_REPLY_BYTES = 64 * 1024
MAX_CONNECT_SEC = 3.0
# Shorter than servers keep theirs: a request on a connection that is just being closed ends as `unknown`.
KEEPALIVE_SEC = 10.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that came back; `document` is its JSON object, empty when there was none to read."""

    status: int
    document: dict[str, Any] = field(default_factory=dict)
    retry_after: float | None = None


def session(*, connections: int, timeout: float) -> aiohttp.ClientSession:
    """A session for one event loop that ends every call, connecting included, after `timeout` seconds."""
    # Connecting gets at most half the time, so a call that runs out of time always had its connection:
    # that is what lets `post` tell "never sent" from "no answer".
    limits = aiohttp.ClientTimeout(total=timeout, connect=min(MAX_CONNECT_SEC, timeout / 2))
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=KEEPALIVE_SEC),
        cookie_jar=aiohttp.DummyCookieJar(),
        # Answers are a few hundred bytes: packing them saves nothing, and unpacking can cost any amount of memory.
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,
        timeout=limits,
    )


async def post(
    http: aiohttp.ClientSession, url: str, document: Any, headers: Mapping[str, str] | None = None
) -> Reply | Answer:
    """The provider's reply, or what its absence means."""
    # aiohttp sends again over a dropped keep-alive connection only for idempotent methods: POST goes once.
    try:
        async with http.post(url, json=document, headers=headers, allow_redirects=False) as response:
            return Reply(response.status, await _document(response), _seconds(response.headers.get("Retry-After")))
    except aiohttp.ConnectionTimeoutError:
        return Answer("deferred", error_code="connect_timeout")
    except aiohttp.ClientConnectorDNSError:
        return Answer("deferred", error_code="dns_failed")
    except aiohttp.ClientSSLError:
        return Answer("deferred", error_code="tls_failed")
    except aiohttp.ClientConnectorError:
        return Answer("deferred", error_code="connect_failed")
    except TimeoutError:
        return Answer("unknown", error_code="timeout")
    except (aiohttp.ClientPayloadError, aiohttp.ClientResponseError):
        return Answer("unknown", error_code="unreadable_reply")
    except (aiohttp.ClientError, OSError):
        return Answer("unknown", error_code="connection_lost")


def refusal(reply: Reply, word: str | None = None) -> Answer:
    """What a reply that is no acceptance means; `word` is the provider's own error code, if it gave one."""
    code = word or f"http_{reply.status}"
    if reply.status == 429:
        return Answer("deferred", error_code=code, retry_after=reply.retry_after)
    if reply.status in (401, 403):
        return Answer("halted", error_code=code)
    # 408 is also what gateways say when the server behind them was too slow to answer.
    if 400 <= reply.status < 500 and reply.status != 408:
        return Answer("rejected", error_code=code)
    # 5xx, a redirect (POST, then See Other, is how some servers say yes), a 2xx without an id.
    return Answer("unknown", error_code=code)


def short_word(value: Any) -> str | None:
    """The value if it is fit to be stored as an id or a code: short printable text."""
    if isinstance(value, str) and 0 < len(value) <= 128 and value.isprintable():
        return value
    return None


async def _document(response: aiohttp.ClientResponse) -> dict[str, Any]:
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MAX_REPLY_BYTES:
                response.close()
                return {}
        document = json.loads(body)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, RecursionError):
        # The status came whole: a 429 stays a 429, and a 2xx without its id becomes `unknown`.
        return {}
    return document if isinstance(document, dict) else {}


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After in seconds: it comes as a number or as a date."""
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            until = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        seconds = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None
