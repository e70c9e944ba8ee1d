"""Web as it is deployed: gunicorn with our configuration in processes of its own, asked over real sockets."""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedded.server import free_port
from tests.processes import OurProcess, running
from tests.waiting import wait_until

ANSWER_WITHIN_SEC = 30


@dataclass(frozen=True)
class Answer:
    """What came back, as it was on the line."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Returns the body, which must be JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Returns the code of a refusal."""
        return str(self.json["error"]["code"])


class Web:
    """A running web."""

    def __init__(self, process: OurProcess, port: int) -> None:
        self.process = process
        self.port = port

    def connect(self) -> socket.socket:
        """Returns a new connection, whose reads and writes end with an error rather than wait forever."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_WITHIN_SEC)

    def exchange(self, raw: bytes) -> Answer:
        """Sends these bytes as they are and returns the answer to them."""
        with self.connect() as line:
            try:
                line.sendall(raw)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has answered before it had everything
            return read_answer(line)

    def ask(
        self, method: str, path: str, *, key: str | None = None, body: bytes = b"", headers: Mapping[str, str] = {}
    ) -> Answer:
        """Sends one request and returns its answer."""
        return self.exchange(head(method, path, key=key, headers={"Content-Length": len(body), **headers}) + body)

    def lives(self) -> bool:
        """Returns whether it answers."""
        try:
            return self.ask("GET", "/health/live").status == 200
        except OSError:
            return False


@contextmanager
def running_web(directory: Path, **environment: Any) -> Iterator[Web]:
    """Runs web until the end of the block."""
    port = free_port()
    chosen = {"PORT": port, "WEB_HOST": "127.0.0.1", "WEB_WORKERS": 1, **environment}
    command = ("gunicorn", "--config", "config/gunicorn.py", "api:create_app()")
    log = directory / "web.log"
    with running(*command, log=log, **{name: str(value) for name, value in chosen.items()}) as process:
        web = Web(process, port)
        wait_until(web.lives, "web answers")
        yield web


def head(method: str, path: str, *, key: str | None = None, headers: Mapping[str, Any] = {}) -> bytes:
    """Returns the beginning of a request, up to its body."""
    asked = {"Host": "web.test", **({"Authorization": f"Bearer {key}"} if key else {}), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in asked.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def chunked(body: bytes, size: int = 64 * 1024) -> bytes:
    """Returns the body in chunks of this size, with their end."""
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])


def read_answer(line: socket.socket) -> Answer:
    """Returns the next answer on the line; ConnectionError when the line ends before it does."""
    with line.makefile("rb") as file:
        status = file.readline().split(b" ", 2)
        if len(status) < 2:
            raise ConnectionError("the line ended without an answer")
        headers: dict[str, str] = {}
        while (row := file.readline()) not in (b"\r\n", b""):
            name, _, value = row.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        length = headers.get("content-length")
        return Answer(int(status[1]), headers, file.read(int(length)) if length else file.read())
