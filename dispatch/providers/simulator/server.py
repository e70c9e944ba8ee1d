"""The simulated provider as a server: every message it accepts is in its log, on disk, before it answers."""

import asyncio
import json
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from aiohttp import web

from config.simulated_phones import SILENT
from dispatch.providers import Outgoing
from dispatch.providers.simulator.decisions import NEVER, Decision, Simulation
from dispatch.providers.simulator.log import AcceptedLog, AttemptsFile
from dispatch.providers.simulator.phones import Behaviour
from dispatch.providers.simulator.plain import plain_requests
from dispatch.providers.simulator.postman import Postman, Taken
from models.row import JsonObject

HOST = "127.0.0.1"
STOP_SEC = 1.0

log = structlog.get_logger(__name__)
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


class BadMessage(Exception):
    """The posted document is not a message."""


class SimulatorServer:
    """Serves POST /messages, GET /health and GET /stats."""

    def __init__(
        self,
        simulation: Simulation,
        *,
        accepted: AcceptedLog,
        attempts: AttemptsFile | None = None,
        behaviour: Behaviour | None = None,
    ) -> None:
        self._simulation = simulation
        self._accepted = accepted
        self._attempts = attempts
        self._behaviour = behaviour or Behaviour(SILENT, seed=1)
        self._postman = Postman(plain_requests)
        self._outcomes: Counter[str] = Counter()

    def app(self) -> web.Application:
        """The web application."""
        app = web.Application(client_max_size=64 * 1024)
        app.router.add_post("/messages", self._messages)
        app.router.add_get("/health", self._health)
        app.router.add_get("/stats", self._stats)
        app.on_cleanup.append(self._stop)
        return app

    async def _messages(self, request: web.Request) -> web.Response:
        try:
            message, callbacks = _message(await request.read())
        except BadMessage as problem:
            return _error(400, "invalid_request", message=str(problem))
        decision = self._simulation.decide(message.phone, message.reference, message.token, message.attempt)
        self._outcomes[decision.answer.outcome] += 1
        if self._attempts is not None:
            self._attempts.record(message, decision)
        if decision.accepted:
            try:
                await self._accepted.append(message)
            except OSError as problem:
                log.error("simulator.log_failed", reason=problem.strerror)
                return _error(500, "log_unwritable")
            taken = Taken(message, decision.provider_id, callbacks.get("status_url"), callbacks.get("inbound_url"))
            self._postman.take(taken, self._behaviour.events(message), answered_in=decision.delay)
        if decision.delay == NEVER:
            await asyncio.Event().wait()  # until the caller hangs up or the server stops
        elif decision.delay:
            await asyncio.sleep(decision.delay)
        return _response(decision)

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _stats(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "accepted": self._accepted.lines,
                "attempts": self._outcomes.total(),
                "outcomes": dict(self._outcomes),
                "commits": self._accepted.commits,
                "callbacks": self._postman.stats(),
            }
        )

    async def _stop(self, app: web.Application) -> None:
        await self._postman.close()


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
    simulation: Simulation,
    *,
    port: int,
    accepted: AcceptedLog,
    attempts: AttemptsFile | None,
    behaviour: Behaviour,
    ready: Callable[[str], None],
) -> None:
    """Serves until SIGTERM or Ctrl-C; the log is complete when this returns."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        server = SimulatorServer(simulation, accepted=accepted, attempts=attempts, behaviour=behaviour)
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
    if not _E164.fullmatch(phone):
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


def _response(decision: Decision) -> web.Response:
    answer = decision.answer
    if decision.status < 300:
        return web.json_response({"id": answer.provider_id}, status=decision.status)
    headers = {} if answer.retry_after is None else {"Retry-After": f"{answer.retry_after:g}"}
    return _error(
        decision.status,
        answer.error_code or "refused",
        retryable=answer.outcome == "retryable",
        headers=headers,
    )


def _error(
    status: int,
    code: str,
    *,
    message: str = "",
    retryable: bool = False,
    headers: dict[str, str] | None = None,
) -> web.Response:
    error: dict[str, Any] = {"code": code, "retryable": retryable}
    if message:
        error["message"] = message
    return web.json_response({"error": error}, status=status, headers=headers)
