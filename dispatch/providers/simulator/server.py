"""The simulated provider as a server: every message it accepts is in its log, on disk, before it answers."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from dispatch.providers import Outgoing
from dispatch.providers.simulator.answers import answer, error
from dispatch.providers.simulator.desk import Desk, LogUnwritable
from dispatch.providers.simulator.dialects import PHONE, SECRET, Setup
from dispatch.providers.simulator.dialects.every import DIALECTS
from dispatch.providers.simulator.log import AcceptedLog, AttemptsFile
from dispatch.providers.simulator.plain import plain_requests
from dispatch.providers.simulator.postman import Taken
from dispatch.tracing.current import working_in
from dispatch.tracing.place import HEADER, parse
from models.row import JsonObject

HOST = "127.0.0.1"
STOP_SEC = 1.0


class BadMessage(Exception):
    """The posted document is not a message."""


class SimulatorServer:
    """Serves POST /messages, GET /health and GET /stats, and what each dialect has."""

    def __init__(self, desk: Desk, *, secret: str = SECRET, callbacks: Mapping[str, str] | None = None) -> None:
        self._desk = desk
        self._setup = Setup(desk, secret, {} if callbacks is None else callbacks)

    def app(self) -> web.Application:
        """The web application."""
        app = web.Application(client_max_size=64 * 1024, middlewares=[_in_its_trace])
        app.router.add_post("/messages", self._messages)
        app.router.add_get("/health", self._health)
        app.router.add_get("/stats", self._stats)
        for dialect in DIALECTS.values():
            app.router.add_routes(dialect(self._setup).routes())
        app.on_cleanup.append(self._stop)
        return app

    async def _messages(self, request: web.Request) -> web.Response:
        try:
            message, callbacks = _message(await request.read())
        except BadMessage as problem:
            return error(400, "invalid_request", message=str(problem))
        provider_id = f"sim-{message.token}"
        taken = Taken(message, provider_id, callbacks.get("status_url"), callbacks.get("inbound_url"))
        try:
            decision = await self._desk.take(taken, plain_requests)
        except LogUnwritable:
            return error(500, "log_unwritable")
        return answer(decision, provider_id)

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _stats(self, request: web.Request) -> web.Response:
        return web.json_response(self._desk.stats())

    async def _stop(self, app: web.Application) -> None:
        await self._desk.close()


@web.middleware
async def _in_its_trace(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answers a request in the trace that its `traceparent` names, which the logs of a simulator repeat."""
    with working_in(parse(request.headers.get(HEADER))):
        return await handler(request)


@asynccontextmanager
async def listening(server: SimulatorServer, port: int) -> AsyncIterator[str]:
    """Runs the server on the loopback interface and yields its URL; port 0 chooses a free port."""
    # A caller that hangs up ends its handler, so that calls without an answer do not accumulate.
    runner = web.AppRunner(server.app(), access_log=None, handler_cancellation=True, shutdown_timeout=STOP_SEC)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        yield f"http://{HOST}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def serve(
    server: SimulatorServer,
    *,
    port: int,
    accepted: AcceptedLog,
    attempts: AttemptsFile | None,
    ready: Callable[[str], None],
) -> None:
    """Serves until SIGTERM or Ctrl-C; the log is complete when this returns."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        async with listening(server, port) as url:
            ready(url)
            await stop.wait()
    finally:
        await accepted.close()
        if attempts is not None:
            attempts.close()


def _message(body: bytes) -> tuple[Outgoing, dict[str, str]]:
    """Returns the message, and where its receipts and replies are to be posted."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise BadMessage("the body must be JSON") from None
    if not isinstance(document, dict):
        raise BadMessage("the body must be a JSON object")
    phone = _text(document, "to")
    if not PHONE.fullmatch(phone):
        raise BadMessage("`to` must be a phone number such as +15005550006")
    message = Outgoing(
        channel=_text(document, "channel"),
        sender=None if document.get("from") is None else _text(document, "from"),
        phone=phone,
        body=_text(document, "body"),
        reference=_text(document, "reference"),
        token=_text(document, "token"),
        attempt=_attempt(document),
    )
    return message, {name: _url(document, name) for name in ("status_url", "inbound_url") if document.get(name)}


def _attempt(document: JsonObject) -> int:
    attempt = document.get("attempt", 1)
    if type(attempt) is not int or not 1 <= attempt <= 32_767:
        raise BadMessage("`attempt` must be a number from 1 to 32767")
    return attempt


def _url(document: JsonObject, name: str) -> str:
    url = _text(document, name)
    if not url.startswith(("http://", "https://")):
        raise BadMessage(f"`{name}` must be an address such as http://127.0.0.1:8000/hooks/simulated/1/status")
    return url


def _text(document: JsonObject, name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value or not _storable(value):
        raise BadMessage(f"`{name}` must be text")
    return value


def _storable(text: str) -> bool:
    # JSON can contain half a surrogate pair, which UTF-8 cannot encode.
    return not any("\ud800" <= char <= "\udfff" for char in text)
