"""A provider that speaks Twilio's dialect with as little work as possible, because it shares the cores with ours.

It answers each call after 50 ms and posts one signed receipt for it half a second later. Unlike the simulator it
decides nothing and writes no log. A real provider works on machines of its own. `python -m benchmarks.light_provider`
prints the address.
"""

import asyncio
import base64
import hmac
import json
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from urllib.parse import parse_qsl, quote, urlsplit

from benchmarks.deployment import ROOT
from dispatch.providers.simulator.dialects import SECRET
from dispatch.providers.simulator.dialects.twilio import resource
from embedded.servers import child_environment

HOST = "127.0.0.1"
LATENCY_MS = 50
RECEIPT_AFTER_SEC = 0.5
# Connections over which receipts are posted; a receipt that is refused is posted again after a second.
CONNECTIONS = 16
AGAIN_AFTER_SEC = 1.0
ACCOUNT_SID, SENDER = "AC" + "0" * 32, "+15005550006"

_AUTHORIZATION = b"Authorization: Basic " + base64.b64encode(f"{ACCOUNT_SID}:{SECRET}".encode())
_HEAD_ENDS = b"\r\n\r\n"
# What the simulator answers too: twenty fields, which the caller has to read, made once.
_DETAILS = {"account": ACCOUNT_SID, "service": "", "to": "%s", "from": SENDER}
_ANSWER = resource("%s", _DETAILS, body="%s", status="queued")
_ANSWER_JSON = json.dumps(_ANSWER).replace('"%s", "status"', '%s, "status"')


@dataclass(frozen=True, slots=True)
class LightProvider:
    """Where the provider is called, and its process, whose processor time is not ours."""

    url: str
    pid: int


@contextmanager
def light_provider() -> Iterator[LightProvider]:
    """Runs the provider in a process of its own until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.light_provider"],
        env=child_environment(PYTHONPATH=str(ROOT)),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        yield LightProvider(process.stdout.readline().strip(), process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


@dataclass(eq=False)
class _Desk:
    """What the connections share: which messages were taken, and which receipts wait for a connection."""

    due: deque[tuple[str, int, bytes]] = field(default_factory=deque)
    idle: list["_Posting"] = field(default_factory=list)
    connections: int = 0
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def tell(self, receipt: tuple[str, int, bytes]) -> None:
        """Posts a receipt over a connection that is free, over a new one, or as soon as one is free."""
        if self.idle:
            self.idle.pop().post(receipt)
            return
        self.due.append(receipt)
        if self.connections < CONNECTIONS:
            self.connections += 1
            task = asyncio.ensure_future(self._connect(*receipt[:2]))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _connect(self, host: str, port: int) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: _Posting(self), host, port)
        except OSError:
            self.connections -= 1


class _Posting(asyncio.Protocol):
    """A connection to web, with one receipt at a time."""

    def __init__(self, desk: _Desk) -> None:
        self._desk = desk
        self._posted: tuple[str, int, bytes] | None = None
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Posts what waits."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def post(self, receipt: tuple[str, int, bytes]) -> None:
        """Posts a receipt; the one before has been answered."""
        self._posted = receipt
        self._transport.write(receipt[2])

    def data_received(self, data: bytes) -> None:
        """Posts the next one when the answer is whole: a 204 has no body."""
        self._answer += data
        if self._answer.endswith(_HEAD_ENDS) and self._answer.startswith(b"HTTP/1.1 204"):
            self._posted, self._answer = None, b""
            self._next()
        elif not self._answer.startswith(b"HTTP/1.1 204"):
            self._transport.close()

    def connection_lost(self, problem: Exception | None) -> None:
        """Has what was not answered posted again."""
        self._desk.connections -= 1
        if self in self._desk.idle:
            self._desk.idle.remove(self)
        if self._posted:
            asyncio.get_running_loop().call_later(AGAIN_AFTER_SEC, self._desk.tell, self._posted)

    def _next(self) -> None:
        if self._desk.due:
            self.post(self._desk.due.popleft())
        else:
            self._desk.idle.append(self)


class _Called(asyncio.Protocol):
    """A connection on which messages are taken."""

    def __init__(self, desk: _Desk) -> None:
        self._desk = desk
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Takes the message when it is whole; a caller has one call at a time on a connection."""
        self._received += data
        head, _, body = self._received.partition(_HEAD_ENDS)
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if not length or len(body) < int(length):
            return
        self._received = b""
        loop = asyncio.get_running_loop()
        if _AUTHORIZATION not in head:
            self._transport.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}")
            return
        form = dict(parse_qsl(body.decode()))
        sid = f"SM{next(self._desk.numbers):032x}"
        loop.call_later(LATENCY_MS / 1000, self._transport.write, _answer(sid, form["To"], form["Body"]))
        if url := form.get("StatusCallback"):
            receipt = _receipt(url, sid, form["To"])
            loop.call_later(LATENCY_MS / 1000 + RECEIPT_AFTER_SEC, self._desk.tell, receipt)


def _answer(sid: str, to: str, text: str) -> bytes:
    body = (_ANSWER_JSON % (sid, to, json.dumps(text), sid, sid)).encode()
    return b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def _receipt(url: str, sid: str, to: str) -> tuple[str, int, bytes]:
    """Returns where to connect, and a status callback: https://www.twilio.com/docs/usage/security."""
    host, port, path = _parts(url.partition("?")[0])
    fields = {
        "AccountSid": ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "From": SENDER,
        "MessageSid": sid,
        "MessageStatus": "delivered",
        "SmsSid": sid,
        "SmsStatus": "delivered",
        "To": to,
    }
    signed = url + "".join(name + value for name, value in fields.items())  # they are in order
    signature = base64.b64encode(hmac.digest(SECRET.encode(), signed.encode(), "sha1")).decode()
    body = "&".join([f"{name}={_quoted(value)}" for name, value in fields.items()])
    head = (
        f"POST {path}?{url.partition('?')[2]} HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: {signature}\r\n"
        f"Accept: */*\r\nUser-Agent: TwilioProxy/1.1\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return host, port, (head + body).encode()


@lru_cache(maxsize=8)
def _parts(address: str) -> tuple[str, int, str]:
    parts = urlsplit(address)
    return parts.hostname or "", parts.port or 80, parts.path


def _quoted(value: str) -> str:
    return value.replace("+", "%2B") if value.lstrip("+").isalnum() else quote(value, safe="")


async def _serve() -> None:
    desk, loop, stop = _Desk(), asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(lambda: _Called(desk), HOST, 0)
    print(f"http://{HOST}:{server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
