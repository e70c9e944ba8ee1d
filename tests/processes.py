"""Our own processes under test: started with the test servers, ended by pid, with their log for the test to read."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from embedded.servers import child_environment


class OurProcess:
    """A running `python -m …`."""

    def __init__(self, module: tuple[str, ...], log: Path, environment: dict[str, str]) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *module],
                env=child_environment(**environment),
                stdin=subprocess.DEVNULL,
                stderr=output,
                process_group=0,
            )
        self.pid = self._process.pid

    @property
    def log(self) -> str:
        """Returns what it has written so far."""
        return self._log.read_text()

    def children(self) -> dict[int, list[str]]:
        """Returns the command line of each live child by pid."""
        alive = {}
        for child in psutil.Process(self.pid).children():
            try:
                if child.status() != psutil.STATUS_ZOMBIE:
                    alive[child.pid] = child.cmdline()
            except psutil.NoSuchProcess:
                continue
        return alive

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.wait()

    def stop(self, signal_number: int = signal.SIGTERM, *, seconds: float = 60) -> int:
        """Asks it to stop, waits for its end and returns its exit status."""
        self._process.send_signal(signal_number)
        return self.wait(seconds=seconds)

    def wait(self, *, seconds: float = 60) -> int:
        """Waits for its end and returns its exit status."""
        return self._process.wait(seconds)

    def end(self) -> None:
        """Ends it and its children by force, if they still run."""
        if self._process.poll() is None:
            family = psutil.Process(self.pid).children(recursive=True)
            self.kill()
            for child in family:
                end_by_force(child.pid)


@contextmanager
def running(*module: str, log: Path, **environment: str) -> Iterator[OurProcess]:
    """Runs the process until the end of the block."""
    process = OurProcess(module, log, environment)
    try:
        yield process
    finally:
        process.end()


def is_alive(pid: int) -> bool:
    """Returns whether the process runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end_by_force(pid: int) -> None:
    """kill -9 for a process that may be gone."""
    try:
        psutil.Process(pid).kill()
    except psutil.NoSuchProcess:
        pass
