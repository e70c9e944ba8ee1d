"""`up` as a separate process, and the command line of any verb beside it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from embedded.servers import child_environment
from tests.waiting import wait_until


class RunningUp:
    """`up --only servers` as a separate process."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(cli("up", "--only", "servers", "--data", str(self.directory)), env=without_servers())

    def run(self) -> dict:
        """The content of run.json, once it is there."""
        return wait_for_run(self.directory, self.process)

    def verb(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = without_servers(DATA_DIR=str(self.directory))
        return subprocess.run(cli(*arguments), env=environment, capture_output=True, text=True, check=False)


@contextmanager
def running_up(directory: Path) -> Iterator[RunningUp]:
    """Servers that are ready, with the schema; asked to stop at the end of the block."""
    up = RunningUp(directory)
    up.run()
    try:
        yield up
    finally:
        up.process.send_signal(signal.SIGTERM)
        up.process.wait(60)


def cli(*arguments: str) -> list[str]:
    """Returns the command line of a verb."""
    return [sys.executable, "-m", "cli", *arguments]


def without_servers(**changes: str) -> dict[str, str]:
    """Returns our environment without the servers' addresses."""
    return child_environment(DATABASE_URL="", REDIS_URL="", ENVIRONMENT="", **changes)


def wait_for_run(directory: Path, process: subprocess.Popen[bytes]) -> dict:
    """The content of run.json, once it is there."""
    wait_until(lambda: (directory / "run.json").exists() or process.poll() is not None, "run.json")
    return json.loads((directory / "run.json").read_text())


def lives(pid: int) -> bool:
    """Returns whether the process runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def all_of(pid: int) -> list[int]:
    """Returns the process and everything it has started."""
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def reaper_of(up: RunningUp) -> psutil.Process | None:
    """Returns the live reaper of a running `up`."""
    children = psutil.Process(up.process.pid).children()
    reapers = [child for child in children if lives(child.pid) and _is_reaper(child)]
    return reapers[0] if reapers else None


def _is_reaper(child: psutil.Process) -> bool:
    try:
        return "embedded.reaper" in child.cmdline()
    except psutil.NoSuchProcess:  # it ended while we looked
        return False
