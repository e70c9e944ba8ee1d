"""The processes that `up` has started: revived when they end, known to the guardian, ended in order."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import psutil

from embedded.guardian import Guardian, Ward, dismiss, is_gone
from embedded.revival import Revival
from embedded.server import ServerDied

# Who goes first, by which signal, and how long it may take. A worker finishes its window of messages in 15 s.
ENDINGS = {
    "web": (1, signal.SIGTERM, 20.0),
    "supervisor": (1, signal.SIGTERM, 20.0),
    "redis": (2, signal.SIGTERM, 10.0),
    "postgres": (3, signal.SIGINT, 30.0),
}


class Member(Protocol):
    """A process that can be started again: a child, or an embedded server."""

    name: str
    log: Path
    process: subprocess.Popen[bytes] | None

    def launch(self) -> None:
        """Starts the process without waiting for it."""


class Crew:
    """Members in the order they were started."""

    def __init__(self, run_file: Path, *, lock: int | None = None, say: Callable[[str], None] = print) -> None:
        self._run_file = run_file
        self._lock = lock
        self._say = say
        self._members: list[Member] = []
        self._revivals: dict[str, Revival] = {}
        self._wards: list[Ward] = []
        self._guardian = Guardian(run_file, lock)

    def launch(self, member: Member) -> None:
        """Starts a member, and from now on starts it again whenever it ends."""
        self._members.append(member)
        self._revivals[member.name] = Revival()
        self._start(member)

    def pids(self) -> dict[str, list[int]]:
        """The living members by name."""
        living = (member for member in self._members if member.process and member.process.poll() is None)
        return {member.name: [member.process.pid] for member in living if member.process}

    def revive(self) -> None:
        """Starts again whoever has ended, a little later each time."""
        self._keep_guardian()
        for member in self._members:
            if member.process and member.process.poll() is not None:
                self._revive(member, member.process)

    def end(self) -> None:
        """Ends everybody in order and returns when they are gone."""
        self._keep_guardian()
        self._guardian.end_all()
        if self.pids():  # the guardian was killed over its work; the next one finishes it
            self.end()

    def _revive(self, member: Member, process: subprocess.Popen[bytes]) -> None:
        revival = self._revivals[member.name]
        if revival.ended():
            self._say(f"{member.name} ended with status {process.returncode} and is started again; see {member.log}")
            # Workers may outlive a killed supervisor; they finish what they hold while new ones start.
            for former in self._wards:
                if former.pid == process.pid:
                    dismiss(former)
        if revival.due:
            try:
                self._start(member)
            except (OSError, ServerDied, psutil.Error) as problem:  # no memory, no disk: it may pass
                self._say(f"{member.name} cannot be started: {problem}")
                revival.failed()

    def _start(self, member: Member) -> None:
        member.launch()
        self._revivals[member.name].started()
        assert member.process
        stage, ending, grace = ENDINGS[member.name]
        started = Ward(member.process.pid, stage=stage, signal=ending, grace=grace)
        self._wards = [*(former for former in self._wards if not is_gone(former)), started]
        self._tell_guardian()

    def _keep_guardian(self) -> None:
        if not self._guardian.alive:
            self._guardian = Guardian(self._run_file, self._lock)
            self._tell_guardian()

    def _tell_guardian(self) -> None:
        self._guardian.watch(self._wards)
