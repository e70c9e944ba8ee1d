"""Keeps worker processes and a sweeper alive: starts them, starts them again, stops them together."""

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic

import structlog

from config.settings import Settings
from config.stopping import GRACE, stopping
from dispatch.queues import HOUSE, PREPARE, SEND

log = structlog.get_logger()

# How often the children are looked at.
LOOK = 0.1
FIRST_WAIT = 0.2
LONGEST_WAIT = 5.0
# Whoever lived this long died of something new, and is started again without a wait.
HEALTHY = 10.0


@dataclass
class Child:
    """One process to keep alive: its command, and how its starts went so far."""

    name: str
    module: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait: float = 0.0
    again_at: float = field(default=0.0)

    def start(self, lifeline: int) -> None:
        """Starts the process with the pipe that ends when we do."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", *self.module, "--lifeline", str(lifeline)],
            stdin=subprocess.DEVNULL,
            pass_fds=[lifeline],
            # A group of its own: Ctrl-C is for the supervisor, which then stops everybody in order.
            process_group=0,
        )
        self.started = monotonic()
        log.info("child.started", child=self.name, child_pid=self.process.pid)

    def notice_death(self) -> None:
        """If the process has ended, decides when to start it again."""
        if self.process is None or self.process.poll() is None:
            return
        lived = monotonic() - self.started
        self.wait = 0.0 if lived > HEALTHY else min(LONGEST_WAIT, self.wait * 2 or FIRST_WAIT)
        self.again_at = monotonic() + self.wait
        log.warning(
            "child.died",
            child=self.name,
            child_pid=self.process.pid,
            status=self.process.returncode,
            seconds=round(lived, 1),
            again_in=self.wait,
        )
        self.process = None


def children(settings: Settings, queues: Iterable[str] | None = None, *, sweeper: bool = True) -> list[Child]:
    """The processes of a whole deployment, or of some queues: one queue each, because RQ pops without a safety copy
    from several."""
    workers = {HOUSE: 1, PREPARE: 1, SEND: settings.send_workers}
    found = [
        Child(f"{queue}-{number}", ("jobs.worker", queue))
        for queue in (workers if queues is None else queues)
        for number in range(1, workers[queue] + 1)
    ]
    return [*found, Child("sweeper", ("sweeper",))] if sweeper else found


def supervise(family: list[Child]) -> None:
    """Keeps the children alive until this process is asked to stop, then ends them all within the grace."""
    # Only we hold the writing end, so the reading end reports our death to every child, kill -9 included.
    lifeline, ours = os.pipe()
    try:
        while not stopping().wait(LOOK):
            for child in family:
                child.notice_death()
                if child.process is None and monotonic() >= child.again_at:
                    child.start(lifeline)
    finally:
        _end([child.process for child in family if child.process])
        os.close(ours)
        os.close(lifeline)


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    deadline = monotonic() + GRACE
    for process in processes:
        try:
            process.wait(max(0.0, deadline - monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("child.killed", child_pid=process.pid)
            process.kill()
            process.wait()
