"""Reads from remote services: tried again with back-off where that may help, bounded in time and size.

What is read may be read twice, so everything here is safe to repeat.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

import stamina

from dispatch.errors import RemoteFailed
from dispatch.tracing.spans import request_to
from models.row import JsonObject

if TYPE_CHECKING:
    import aiohttp

T = TypeVar("T")

# A page of 10,000 users is about 2 MiB.
MAX_ANSWER_BYTES = 16 * 1024 * 1024
CALL_SEC = 10.0
CONNECT_SEC = 3.0

# One read, with every retry, must end before its preparation counts as abandoned (STALE_PREPARE_SEC, 60 s): the last
# try begins within 20 s, after a wait of at most 10 s.
ATTEMPTS = 5
RETRY_FOR_SEC = 20.0
FIRST_WAIT_SEC = 0.25
LONGEST_WAIT_SEC = 5.0
LONGEST_RETRY_AFTER_SEC = 10.0


class Transient(RemoteFailed):
    """The service may answer if it is asked again; `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class TokenSource(Protocol):
    """Where a reader gets its tokens from."""

    async def current(self, http: "aiohttp.ClientSession") -> str: ...

    def forget(self, token: str) -> None: ...


class Reader:
    """Reads from remote services with a bearer token, in one event loop, between `open` and `close`."""

    def __init__(self, tokens: TokenSource, *, request_id: str = "") -> None:
        self._tokens = tokens
        self._request_id = request_id
        self._http: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Opens a session on the running event loop."""
        import aiohttp

        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            # Decompressing can take any amount of memory.
            headers={"Accept-Encoding": "identity", "Accept": "application/json"},
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=CALL_SEC, connect=CONNECT_SEC),
        )

    async def close(self) -> None:
        """Closes the connections."""
        if self._http is not None:
            await self._http.close()

    async def get(self, url: str, query: Mapping[str, str], *, name: str) -> JsonObject:
        """Returns the JSON object at this address; RemoteFailed says what `name` did instead of answering."""
        return await retried(lambda: self._get(url, query, name=name))

    async def _get(self, url: str, query: Mapping[str, str], *, name: str) -> JsonObject:
        assert self._http is not None
        for tries_left in (1, 0):
            token = await self._tokens.current(self._http)
            headers = {"Authorization": f"Bearer {token}"}
            if self._request_id:
                headers["X-Request-ID"] = self._request_id
            with request_to(urlsplit(url).hostname or "", "GET") as (span, named):
                headers |= named
                answer = await fetch_json(self._http, "GET", url, name=name, params=query, headers=headers)
                status, document, wait = answer
                span.note({"http.response.status_code": status})
            if status == 401 and tries_left:
                # It may have expired early, or the service's clock is ahead.
                self._tokens.forget(token)
                continue
            break
        checked_answer(status, wait, name=name)
        return document


async def retried(read: Callable[[], Awaitable[T]]) -> T:
    """Returns what `read` returns, after some tries if the first ones fail in a way that may pass."""
    async for attempt in stamina.retry_context(
        on=_may_pass,
        attempts=ATTEMPTS,
        timeout=RETRY_FOR_SEC,
        wait_initial=FIRST_WAIT_SEC,
        wait_max=LONGEST_WAIT_SEC,
        wait_jitter=FIRST_WAIT_SEC,
    ):
        with attempt:
            return await read()
    raise AssertionError("the last try either returns or raises")


async def fetch_json(
    http: "aiohttp.ClientSession", method: str, url: str, *, name: str, **request: Any
) -> tuple[int, JsonObject, float | None]:
    """Returns status, JSON object ({} unless the status is 2xx) and Retry-After of one request that is safe to repeat.

    Transient when the answer did not arrive whole.
    """
    import aiohttp

    try:
        async with http.request(method, url, allow_redirects=False, **request) as response:
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    response.close()
                    raise RemoteFailed(f"{name} answered with more than {MAX_ANSWER_BYTES // 2**20} MiB.")
            status, wait = response.status, _seconds(response.headers.get("Retry-After"))
    except TimeoutError:
        raise Transient(f"{name} did not answer within {CALL_SEC:g} seconds.") from None
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
        raise RemoteFailed(f"{name} has no valid URL.") from None
    except (aiohttp.ClientError, OSError) as problem:
        # Only the kind of problem: its text may quote the address with the query.
        raise Transient(f"{name} cannot be read ({type(problem).__name__}).") from None
    return status, _object(body, name=name) if 200 <= status < 300 else {}, wait


def checked_answer(status: int, wait: float | None, *, name: str) -> None:
    """Returns if the status is 2xx; else raises RemoteFailed, as Transient where asking again may help."""
    if 200 <= status < 300:
        return
    message = f"{name} answered {status}."
    if status == 429 or status == 408 or status >= 500:
        raise Transient(message, wait)
    raise RemoteFailed(message, status=status)


def _may_pass(problem: Exception) -> bool | float:
    if not isinstance(problem, Transient):
        return False
    if problem.retry_after is None:
        return True
    # A longer wait is left to the next check of the campaign, which comes in minutes.
    return problem.retry_after if problem.retry_after <= LONGEST_RETRY_AFTER_SEC else False


def _object(body: bytearray, *, name: str) -> JsonObject:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise Transient(f"{name} answered with something that is not JSON.") from None
    if not isinstance(document, dict):
        raise RemoteFailed(f"{name} answered with JSON that is not an object.")
    return document


def _seconds(retry_after: str | None) -> float | None:
    """Returns Retry-After in seconds; None for a date, which the back-off replaces."""
    return float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None
