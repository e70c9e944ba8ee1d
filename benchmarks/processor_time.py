"""The processor time that each kind of process of a deployment uses, which other load on the machine hardly changes."""

from collections import defaultdict
from contextlib import suppress
from types import TracebackType

import psutil

from benchmarks.peak_memory import name_of
from embedded.run_file import read_run
from embedded.stack import Stack


class ProcessorTime:
    """Looks at the beginning and at the end of the block; `seconds` is then what each kind of process has used.

    `others` are the ids of processes that are no part of the deployment, by name.
    """

    def __init__(self, stack: Stack, **others: int) -> None:
        run = read_run(stack.directory)
        assert run
        self._named = {name: pids[0] for name, pids in run.processes.items() if name in ("web", "postgres", "redis")}
        self._named |= others
        self._supervisor = run.processes["supervisor"][0]
        self._before: dict[str, float] = {}
        self.seconds: dict[str, float] = {}

    def __enter__(self) -> "ProcessorTime":
        self._before = self._used()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.seconds = {name: seconds - self._before.get(name, 0.0) for name, seconds in self._used().items()}

    def each(self, name: str, count: int) -> float:
        """Returns how many milliseconds processes of this kind used for each of so many things."""
        return round(self.seconds[name] * 1000 / count, 3)

    def _used(self) -> dict[str, float]:
        used: dict[str, float] = defaultdict(float)
        for name, pid in self._named.items():
            used[name] += _with_children(psutil.Process(pid))
        for child in psutil.Process(self._supervisor).children():
            used[name_of(child)] += _with_children(child)
        return used


def _with_children(process: psutil.Process) -> float:
    """Returns the seconds of a process and of its children, also of those that have ended."""
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
