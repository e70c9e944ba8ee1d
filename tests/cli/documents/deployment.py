"""A reader's machine: a directory that looks like the checkout, and what runs there until the page ends."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded.binaries import psql_program
from embedded.server import free_port
from tests.cli.documents.blocks import ROOT, Step, commands, matches
from tests.cli.documents.exceptions import is_exception
from tests.embedded.running_up import without_servers
from tests.servers import server_directory
from tests.waiting import wait_until

# These run until they are stopped, in a terminal of their own; each says this when it can be used.
_STANDING = re.compile(r"^(?:\w+=\S+ )*(?:make up|python -m cli up)\b")
# These change nothing, so people may type them until they see what the page shows.
_READS = re.compile(r"^python -m cli (?:campaign (?:messages|show|errors)|webhook deliveries)\b")
_READY = re.compile(r"^ready", re.MULTILINE)


class Machine:
    """Types what a page says, block by block, in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ports = {"8000": str(free_port())}
        for name in subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines():
            (directory / name.split("/")[0]).unlink(missing_ok=True)
            (directory / name.split("/")[0]).symlink_to(ROOT / name.split("/")[0])
        (directory / ".venv").symlink_to(ROOT / ".venv")
        self._standing: list[subprocess.Popen[bytes]] = []

    def type(self, step: Step) -> None:
        """Runs a block as people would, and compares what it printed with what the page shows."""
        typed = [self._here(command) for command in commands(step.script) if not is_exception(command)]
        together: list[str] = []
        printed = ""
        for command in typed:
            if _STANDING.match(command):
                printed += self._run(together)
                together = []
                self._keep_running(command)
            else:
                together.append(command)
        printed += self._run(together)
        if step.output is None or matches(self._here(step.output), printed):
            return
        shown = self._here(step.output)
        assert all(_READS.match(command) for command in typed), f"The page shows\n{shown}\nand it prints\n{printed}"
        wait_until(lambda: matches(shown, self._run(typed)), shown)

    def end(self) -> None:
        """Stops what still runs."""
        for process in self._standing:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._standing:
            process.wait(60)

    def _here(self, text: str) -> str:
        """Returns the text with ports that are free here."""
        for port, free in self.ports.items():
            text = re.sub(rf"(?<=[: =]){port}\b", free, text)
        return text

    def _run(self, typed: list[str]) -> str:
        script = "\n".join(typed)
        ended = subprocess.run(
            ["bash", "-e", "-u", "-o", "pipefail", "-c", script],
            cwd=self.directory,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert ended.returncode == 0, f"{script}\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    def _keep_running(self, command: str) -> None:
        log = self.directory / f"terminal-{len(self._standing)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["bash", "-c", f"exec env {command.split('#')[0]}"],
                cwd=self.directory,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        self._standing.append(process)
        wait_until(lambda: _READY.search(log.read_text()) or process.poll() is not None, command)
        assert process.poll() is None, log.read_text()

    def _environment(self) -> dict[str, str]:
        programs = [Path(sys.executable).parent, *([found.parent] if (found := psql_program()) else [])]
        path = os.pathsep.join([*map(str, programs), os.environ["PATH"]])
        inherited = without_servers(PATH=path, PORT=self.ports["8000"], HOME=str(self.directory))
        return {name: value for name, value in inherited.items() if value and name != "DATA_DIR"}


@contextmanager
def machine() -> Iterator[Machine]:
    """Yields a new machine, and leaves nothing running or behind."""
    with server_directory() as directory:
        found = Machine(directory)
        try:
            yield found
        finally:
            found.end()
            shutil.rmtree(directory, ignore_errors=True)
