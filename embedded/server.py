"""One embedded server: a real server process on a loopback port, started, waited for and stopped."""

import random
import signal
import socket
import subprocess
from pathlib import Path
from time import monotonic

from embedded.home import identity

# Below Linux's range for outgoing connections (32768 and up). Within it, a client that keeps knocking at the
# port of a server that is down can be given that very port, connect to itself, and keep the server out.
PORTS = range(20_000, 30_000)
START_TIMEOUT = 60.0
LOG_TAIL = 15


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

    def launch(self) -> None:
        """Starts the process, again on the port it had before."""
        self.prepare()
        self.port = self.port or free_port()
        self.process = self._spawn(self.command())

    def wait_until_ready(self) -> None:
        """Returns when the launched server answers; raises `ServerDied` with its log when it never will."""
        assert self.process
        deadline = monotonic() + START_TIMEOUT
        while not self.answers():
            if self.process.poll() is not None:
                raise ServerDied(f"{self.name} ended with status {self.process.returncode}\n{self._log_tail()}")
            if monotonic() > deadline:
                self.stop()
                raise ServerDied(f"{self.name} was silent for {START_TIMEOUT:.0f} s\n{self._log_tail()}")
            try:
                self.process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue

    def stop(self, timeout: float = 30.0) -> None:
        """Ends the server, by force if it does not go."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

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

    def _spawn(self, command: list[str]) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C must reach whoever decides the order of stopping, not every process.
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **identity(),
            )

    def _log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL:]
        return "\n".join([f"the end of {self.log}:", *(f"  {line}" for line in lines)])


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
