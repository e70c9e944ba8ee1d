"""Ends a process and everything it has started, from a process that is not its parent."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, sleep

import psutil

# How long to wait after SIGTERM, and again after SIGKILL, for processes that outlive their leader.
FORCED_END_SEC = 5.0


@dataclass(frozen=True)
class Leader:
    """A process that leads a session; lower stages are ended first."""

    pid: int
    stage: int
    signal: int
    grace_sec: float
    #: When it was started, in seconds after the machine was: with the pid, what identifies it.
    started_at: float | None = None

    def processes(self) -> list[psutil.Process]:
        """Returns the live processes of the session, and their descendants, which may have left it."""
        # The number of an existing session is not reused for a process, so these are ours even without their leader.
        found = {process.pid: process for process in psutil.process_iter() if _session_of(process) == self.pid}
        for process in list(found.values()):
            with suppress(psutil.NoSuchProcess):
                found |= {child.pid: child for child in process.children(recursive=True)}
        return [process for process in found.values() if _is_alive(process)]

    def ask_to_end(self) -> list[psutil.Process]:
        """Asks the leader to end, or all it left behind if it is gone; returns those that were asked."""
        processes = self.processes()
        # A leader stops its children itself, and they may treat a second signal as an order to drop everything.
        asked = [process for process in processes if process.pid == self.pid] or processes
        _send(asked, self.signal)
        return asked


def end(leaders: list[Leader]) -> None:
    """Ends the processes with everything they started: asked first, then by force."""
    processes = [process for leader in leaders for process in leader.processes()]
    asked = [process for leader in leaders for process in leader.ask_to_end()]
    _wait(asked, max(leader.grace_sec for leader in leaders))
    for ending in (signal.SIGTERM, signal.SIGKILL):
        left = [process for process in processes if _is_alive(process)]
        _send(left, ending)
        _wait(left, FORCED_END_SEC)


def end_in_stages(leaders: list[Leader]) -> None:
    """Ends them stage after stage: those that need others end before these."""
    for stage in sorted({leader.stage for leader in leaders}):
        end([leader for leader in leaders if leader.stage == stage])


def started_at(pid: int) -> float | None:
    """Returns when the process was started, in seconds after the machine was; None if it has ended."""
    try:
        process = psutil.Process(pid)
        # Unlike the time of day, the difference does not change when the clock is set.
        return round(process.create_time() - psutil.boot_time(), 2) if _is_alive(process) else None
    except psutil.NoSuchProcess:
        return None


def _wait(processes: list[psutil.Process], seconds: float) -> None:
    # They are not our children, so their end can only be polled.
    deadline = monotonic() + seconds
    while any(map(_is_alive, processes)) and monotonic() < deadline:
        sleep(0.02)


def _is_alive(process: psutil.Process) -> bool:
    # A zombie has ended; in a container without an init process it stays listed.
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _send(processes: list[psutil.Process], number: int) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _session_of(process: psutil.Process) -> int | None:
    try:
        return os.getsid(process.pid)
    except (ProcessLookupError, PermissionError):
        return None
