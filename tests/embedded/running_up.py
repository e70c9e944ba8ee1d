"""`up` as a separate process, and the command line of any verb beside it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
