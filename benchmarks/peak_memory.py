"""The peak memory of each Python process of a deployment, by name."""

import re
import threading
from collections import Counter
from pathlib import Path
from types import TracebackType

import psutil

MEGABYTE = 1024 * 1024
LOOK_EVERY_SEC = 0.25

_HIGH_WATER = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


class PeakMemory:
    """Watches from a thread until the end of the block; `megabytes` is then the peak memory of each process."""

    def __init__(self, *, web: int, supervisor: int) -> None:
        self.megabytes: dict[str, float] = {}
        self._watched = _processes(web, supervisor)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="peak-memory", daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            over = self._over.wait(LOOK_EVERY_SEC)
            for name, process in self._watched:
                peak = round(peak_of(process.pid) / MEGABYTE, 1)
                self.megabytes[name] = max(peak, self.megabytes.get(name, 0.0))
            if over:
                return


def _processes(web: int, supervisor: int) -> list[tuple[str, psutil.Process]]:
    """Returns every process with its name; gunicorn's share one name, and the largest of them counts."""
    master, chief = psutil.Process(web), psutil.Process(supervisor)
    children = sorted(((name_of(child), child.pid, child) for child in chief.children()), key=lambda found: found[:2])
    total = Counter(name for name, _, _ in children)
    seen: Counter[str] = Counter()
    named = [("supervisor", chief)]
    for name, _, child in children:
        seen[name] += 1
        named.append((f"{name}-{seen[name]}" if name == "worker-send" or total[name] > 1 else name, child))
    return [*(("web", process) for process in (master, *master.children())), *named]


def name_of(child: psutil.Process) -> str:
    """Returns `worker-send` for `python -m jobs.worker send`, `sweeper` for `python -m sweeper`."""
    command = child.cmdline()
    module = command[command.index("-m") + 1]
    return f"worker-{command[command.index(module) + 1]}" if module == "jobs.worker" else module


def peak_of(pid: int) -> int:
    """Returns the system's high-water mark in bytes (Linux), or else what is resident; 0 once the process is gone."""
    try:
        if found := _HIGH_WATER.search(Path(f"/proc/{pid}/status").read_text()):
            return int(found[1]) * 1024
    except OSError:
        pass
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
