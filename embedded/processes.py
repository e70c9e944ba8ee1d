"""The processes of `up`: restarted when they end, and ended in order by a reaper that outlives `up` itself."""

import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from config.settings import FINISH_SEC, settings
from dispatch.process.children import Child, Children
from embedded.logs import log_path
from embedded.orphans import write_leaders
from embedded.reaper import Reaper
from embedded.sessions import Leader, started_at

# In which order processes end, by which signal, and how long each may take, beyond what calls to the provider take.
ENDINGS = {
    "web": (1, signal.SIGTERM, 20.0),
    "supervisor": (1, signal.SIGTERM, FINISH_SEC),
    "redis": (2, signal.SIGTERM, 10.0),
    "postgres": (3, signal.SIGINT, 30.0),
}


class LocalProcesses(Children):
    """The children of one `up`, in its data directory; `say` tells a person what happens to them."""

    def __init__(self, directory: Path, *, lock: int | None = None, say: Callable[[str], None] = print) -> None:
        super().__init__(grace_sec=0.0)  # the reaper ends them, each with its own
        self._directory = directory
        self._lock = lock
        self._say = say
        self._leaders: list[Leader] = []
        self._reaper = self._new_reaper()

    def pids(self) -> dict[str, int]:
        """Returns the pid of each running child by its name."""
        processes = {child.name: child.process for child in self._children}
        return {name: process.pid for name, process in processes.items() if process and process.poll() is None}

    def end_by_force(self, pid: int) -> None:
        """Kills a process that hangs and its children that run the same program, which may hang too.

        Others, such as the workers that web starts in development, are asked to end once it is gone.
        """
        with suppress(psutil.NoSuchProcess):
            leader = psutil.Process(pid)
            command = leader.cmdline()
            victims = [leader, *(child for child in leader.children() if _command_of(child) == command)]
            for victim in victims:
                with suppress(psutil.NoSuchProcess):
                    victim.kill()

    def restart_ended(self) -> None:
        """Restarts the children that have ended; a reaper that was killed is replaced first."""
        self._keep_reaper()
        super().restart_ended()

    def end(self) -> None:
        """Ends all processes in order and returns when they are gone."""
        self._keep_reaper()
        self._reaper.end_all()
        if self.pids():  # the reaper was killed; the next one finishes its work
            self.end()

    def note_start(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        """Tells the reaper of the new process."""
        stage, ending, grace_sec = ENDINGS[child.name]
        if child.name == "supervisor":
            grace_sec += settings().stop_grace_sec
        leader = Leader(
            process.pid, stage=stage, signal=ending, grace_sec=grace_sec, started_at=started_at(process.pid)
        )
        remaining = [leader for leader in self._leaders if leader.processes()]
        self._leaders = [*remaining, leader]
        self._reaper.watch(self._leaders)
        write_leaders(self._directory, self._leaders)

    def note_end(self, child: Child, ended: subprocess.Popen[bytes], again_in: float) -> None:
        """Reports it, and asks what the process has left behind to end, such as the workers of a killed web."""
        log = log_path(self._directory, child.name)
        self._say(f"{child.name} ended with status {ended.returncode} and is restarted in {again_in:.1f} s; see {log}")
        for leader in self._leaders:
            if leader.pid == ended.pid:
                leader.ask_to_end()

    def note_failure(self, child: Child, problem: Exception, again_in: float) -> None:
        """Reports it."""
        self._say(f"{child.name} cannot be started, trying again in {again_in:.1f} s: {problem}")

    def _keep_reaper(self) -> None:
        if not self._reaper.running:
            self._reaper = self._new_reaper()

    def _new_reaper(self) -> Reaper:
        return Reaper(self._directory, self._lock, self._leaders)


def _command_of(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []
