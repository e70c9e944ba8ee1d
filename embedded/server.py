"""One embedded server: a real server process on a loopback port, started, waited for and stopped."""

import random
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from dispatch.process.children import end
from embedded.home import identity
from embedded.logs import quote_end, spawn

# Below Linux's range for outgoing connections (32768 and up). Within that range, a client that keeps trying to reach a
# server that is down can be assigned the server's own port, connect to itself, and keep the server from starting.
PORT_RANGE = range(20_000, 30_000)
START_TIMEOUT_SEC = 60.0
STOP_GRACE_SEC = 30.0
# How often another port is chosen when someone has taken the one before.
MOST_PORTS = 5


class ServerDied(RuntimeError):
    """An embedded server ended or never answered; the message contains the end of its log."""


class EmbeddedServer:
    """A server process and its data directory; `url` is valid once `start` has returned."""

    name: str
    stop_signal: signal.Signals = signal.SIGTERM

    def __init__(self, home: Path, *, log: Path, durable: bool) -> None:
        self.directory = home / self.name
        self.log = log
        self.durable = durable
        self.port = 0
        self._ports_left = MOST_PORTS
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the server and returns when it answers."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> subprocess.Popen[bytes]:
        """Starts the process without waiting for it; a restart is on the same port."""
        self.prepare()
        if self.port:
            self._ports_left = 0  # someone has named it, or knows it
        else:
            self.port = free_port()
        self.process = spawn(self.command(), log=self.log, cwd=self.directory, **identity())
        return self.process

    def wait_until_ready(self, launch_again: Callable[[], object] | None = None) -> None:
        """Returns when the server answers; raises `ServerDied` with the end of its log when it does not.

        If someone has taken its port since it was chosen, it is launched again on another one, as long as no one knows
        the port: until it has answered for the first time.
        """
        assert self.process
        deadline = monotonic() + START_TIMEOUT_SEC
        while not self.answers():
            if self.process.poll() is not None:
                if self._ports_left > 1 and _is_taken(self.port):
                    self._ports_left -= 1
                    self.port = 0
                    (launch_again or self.launch)()
                    continue
                raise ServerDied(f"{self.name} ended with status {self.process.returncode}\n{quote_end(self.log)}")
            if monotonic() > deadline:
                self.stop()
                raise ServerDied(f"{self.name} did not answer within {START_TIMEOUT_SEC:.0f} s\n{quote_end(self.log)}")
            try:
                self.process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
        self._ports_left = 0

    def stop(self) -> None:
        """Ends the server, by force if it takes too long."""
        if self.process:
            end([self.process], by=self.stop_signal, grace_sec=STOP_GRACE_SEC)

    @property
    def url(self) -> str:
        """Returns the address for clients, including the password."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Prepares the data directory for a start."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """Returns the command line of the server."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Returns whether the server accepts clients now."""
        raise NotImplementedError


def free_port() -> int:
    """Returns a loopback port that is free now, and that no one has bound to listen on it later."""
    # Of a generator that no one seeds: two processes must not look at the same ports.
    for port in random.SystemRandom().sample(PORT_RANGE, k=200):
        if not _is_taken(port):
            return port
    raise ServerDied("found no free port on 127.0.0.1")


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False
