"""Child processes: restarted when they end, later each time while they keep failing, and stopped together."""

import signal
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import monotonic

import structlog

log = structlog.get_logger()

FIRST_DELAY_SEC = 0.2
LONGEST_DELAY_SEC = 5.0
# A child that ran this long counts as healthy: what ended it is new, so it is restarted without a delay.
HEALTHY_AFTER_SEC = 10.0


class Backoff:
    """How long to wait before a restart: not at all after a healthy run, otherwise twice as long as last time."""

    def __init__(self) -> None:
        self._delay_sec = 0.0

    def next_delay(self, ran_sec: float) -> float:
        """Returns the delay in seconds after a run of this length."""
        healthy = ran_sec > HEALTHY_AFTER_SEC
        self._delay_sec = 0.0 if healthy else min(self._delay_sec * 2 or FIRST_DELAY_SEC, LONGEST_DELAY_SEC)
        return self._delay_sec


@dataclass
class Child:
    """A process to keep running; `launch` starts it."""

    name: str
    launch: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    backoff: Backoff = field(default_factory=Backoff)

    def start(self) -> subprocess.Popen[bytes]:
        """Starts the process."""
        self.started_at = monotonic()
        self.process = self.launch()
        return self.process

    def plan_restart(self) -> float:
        """Chooses when to start the process again; returns the delay in seconds."""
        self.process = None
        delay_sec = self.backoff.next_delay(monotonic() - self.started_at)
        self.restart_at = monotonic() + delay_sec
        return delay_sec


class Children:
    """Child processes in the order in which they were started; each may take `grace_sec` seconds to stop."""

    def __init__(self, *, grace_sec: float) -> None:
        self._grace_sec = grace_sec
        self._children: list[Child] = []

    def start(self, name: str, launch: Callable[[], subprocess.Popen[bytes]]) -> Child:
        """Starts a child, which from now on is restarted whenever it ends."""
        child = Child(name, launch)
        self._children.append(child)
        self.note_start(child, child.start())
        return child

    def start_again(self, child: Child) -> None:
        """Starts a child at once that has ended."""
        self.note_start(child, child.start())

    def restart_ended(self) -> None:
        """Restarts the children that have ended, each after its delay; to be called all the time."""
        for child in self._children:
            ended = child.process
            if ended and ended.poll() is not None:
                self.note_end(child, ended, child.plan_restart())
            if child.process is None and monotonic() >= child.restart_at:
                self._restart(child)

    def end(self) -> None:
        """Stops all children at once and returns when they are gone."""
        end((child.process for child in self._children if child.process), grace_sec=self._grace_sec)

    def note_start(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        """Logs that a child was started."""
        log.info("child.started", child=child.name, child_pid=process.pid)

    def note_end(self, child: Child, ended: subprocess.Popen[bytes], again_in: float) -> None:
        """Logs that a child ended by itself."""
        ran = {"status": ended.returncode, "seconds": round(monotonic() - child.started_at, 1)}
        log.warning("child.died", child=child.name, child_pid=ended.pid, **ran, again_in=again_in)

    def note_failure(self, child: Child, problem: Exception, again_in: float) -> None:
        """Logs that a child could not be started."""
        log.warning("child.not_started", child=child.name, problem=str(problem), again_in=again_in)

    def _restart(self, child: Child) -> None:
        try:
            process = child.start()
        except Exception as problem:  # no memory, no disk: it may pass, and the other children still need us
            self.note_failure(child, problem, child.plan_restart())
        else:
            self.note_start(child, process)


def end(processes: Iterable[subprocess.Popen[bytes]], *, by: signal.Signals = signal.SIGTERM, grace_sec: float) -> None:
    """Asks the processes to stop, waits until all have, and kills those that take longer than the grace."""
    asked = list(processes)
    for process in asked:
        process.send_signal(by)
    deadline = monotonic() + grace_sec
    for process in asked:
        try:
            process.wait(max(0.0, deadline - monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("child.killed", child_pid=process.pid)
            process.kill()
            process.wait()
