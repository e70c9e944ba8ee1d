"""One embedded server: a real server process on a loopback port, started, waited for and stopped."""

import random
import signal
import socket
import subprocess
from pathlib import Path
from time import monotonic

from dispatch.process.children import end
from embedded.home import identity
from embedded.logs import quote_end, spawn

# Below Linux's range for outgoing connections (32768 and up). Within it, a client that keeps knocking at the
# port of a server that is down can be given that very port, connect to itself, and keep the server out.
PORTS = range(20_000, 30_000)
START_TIMEOUT_SEC = 60.0
STOP_GRACE_SEC = 30.0


class ServerDied(RuntimeError):
    """An embedded server ended or never answered; the message carries the end of its own log."""


class EmbeddedServer:
    """A server process and the directory it keeps; `url` is good once `start` has returned."""

    name: str
    stop_signal: signal.Signals = signal.SIGTERM

    def __init__(self, home: Path, *, log: Path, durable: bool) -> None:
        self.directory = home / self.name
        self.log = log
        self.durable = durable
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the server and returns when it answers."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> subprocess.Popen[bytes]:
        """Starts the process without waiting for it; a restart is on the same port."""
        self.prepare()
        self.port = self.port or free_port()
        self.process = spawn(self.command(), log=self.log, cwd=self.directory, **identity())
        return self.process

    def wait_until_ready(self) -> None:
        """Returns when the launched server answers; raises `ServerDied` with its log when it never will."""
        assert self.process
        deadline = monotonic() + START_TIMEOUT_SEC
        while not self.answers():
            if self.process.poll() is not None:
                raise ServerDied(f"{self.name} ended with status {self.process.returncode}\n{quote_end(self.log)}")
            if monotonic() > deadline:
                self.stop()
                raise ServerDied(f"{self.name} was silent for {START_TIMEOUT_SEC:.0f} s\n{quote_end(self.log)}")
            try:
                self.process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue

    def stop(self) -> None:
        """Ends the server, by force if it takes too long."""
        if self.process:
            end([self.process], by=self.stop_signal, grace_sec=STOP_GRACE_SEC)

    @property
    def url(self) -> str:
        """Where clients find the server, password included."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Makes the data directory ready for a start."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """The command line of the server."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether the server serves clients now."""
        raise NotImplementedError


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    for port in random.sample(PORTS, k=200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServerDied("no free port on 127.0.0.1")
