"""Ends the processes of an `up` that is gone, in order, whatever became of it.

`up` keeps a pipe to this small process and writes down whom it has started. At the pipe's end (a clean stop,
a crash, kill -9: all look alike from here) everybody listed is ended, with their children, and the data
directory is free again: the guardian inherits its lock, which is held until the last holder has gone.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, sleep

import psutil


@dataclass(frozen=True)
class Ward:
    """One process to end, leader of its group; lower stages go first, and grace is how long it may take."""

    pid: int
    stage: int
    signal: int
    grace: float


class Guardian:
    """The end of the pipe that `up` holds."""

    def __init__(self, run_file: Path, lock: int | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "embedded.guardian", str(run_file)],
            stdin=subprocess.PIPE,
            pass_fds=[] if lock is None else [lock],
            start_new_session=True,
            text=True,
        )

    @property
    def alive(self) -> bool:
        """Whether somebody watches over us."""
        return self._process.poll() is None

    def watch(self, wards: list[Ward]) -> None:
        """Makes these the processes to end, in place of the former ones."""
        assert self._process.stdin
        with suppress(BrokenPipeError):  # a dead guardian is noticed by `alive`
            self._process.stdin.write(json.dumps([asdict(ward) for ward in wards]) + "\n")
            self._process.stdin.flush()

    def end_all(self) -> None:
        """Ends everybody, now; returns when they are gone."""
        assert self._process.stdin
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()


def end(wards: list[Ward]) -> None:
    """Ends the processes with their groups and children: asked first, then by force."""
    families = [_family(ward) for ward in wards]
    asked = [process for ward in wards for process in dismiss(ward)]
    _wait(asked, max(ward.grace for ward in wards))
    _end_by_force([process for family in families for process in family])


def dismiss(ward: Ward) -> list[psutil.Process]:
    """Asks the process to end, or those it left behind if it is gone, and gives whom it asked."""
    family = _family(ward)
    leader = [process for process in family if process.pid == ward.pid]
    # Leaders stop their own children, who may take a second signal for an order to drop everything.
    asked = leader or family
    for process in asked:
        _send(process, ward.signal)
    return asked


def is_gone(ward: Ward) -> bool:
    """Whether nothing is left of the process and those it started."""
    return not _family(ward)


def main() -> None:
    """Waits for the end of the pipe, then ends whoever was listed last."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    wards: list[Ward] = []
    for line in sys.stdin:
        if line.endswith("\n"):  # not the half of a line that kill -9 cut off
            wards = [Ward(**entry) for entry in json.loads(line)]
    for stage in sorted({ward.stage for ward in wards}):
        end([ward for ward in wards if ward.stage == stage])
    Path(sys.argv[1]).unlink(missing_ok=True)


def _family(ward: Ward) -> list[psutil.Process]:
    """The living processes of the ward's group, and all their descendants, who may have left the group."""
    # The system gives a number to nobody else while a group has it, so these are ours also when the leader is gone.
    group = [process for process in psutil.process_iter() if _group_of(process) == ward.pid]
    found = {process.pid: process for process in group}
    for process in group:
        with suppress(psutil.NoSuchProcess):
            found |= {child.pid: child for child in process.children(recursive=True)}
    return [process for process in found.values() if _lives(process)]


def _end_by_force(family: list[psutil.Process]) -> None:
    """A second and a third asking for those who outlived their leader."""
    for ending, grace in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        family = [process for process in family if _lives(process)]
        for process in family:
            _send(process, ending)
        _wait(family, grace)


def _wait(processes: list[psutil.Process], seconds: float) -> None:
    # They are not our children, so there is nothing to wait on but their presence.
    deadline = monotonic() + seconds
    while any(_lives(process) for process in processes) and monotonic() < deadline:
        sleep(0.02)


def _lives(process: psutil.Process) -> bool:
    # Zombies have ended; in a container without an init they stay listed for ever.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _send(process: psutil.Process, number: int) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def _group_of(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except (ProcessLookupError, PermissionError):
        return None


if __name__ == "__main__":
    main()
