"""The log of each process of `up`, which receives all that the process writes and keeps the last part of it."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

MAX_BYTES = 10_000_000
QUOTED_LINES = 15
# Longer than nearly every line; longer ones are cut.
LINE_BYTES = 10_000


def log_path(directory: Path, name: str) -> Path:
    """Returns the path of this process's log."""
    return directory / "logs" / f"{name}.log"


def earlier_part(log: Path) -> Path:
    """Returns the path of the log's earlier part."""
    return log.with_name(f"{log.name}.1")


def spawn(command: list[str], *, log: Path, **options: Any) -> subprocess.Popen[bytes]:
    """Starts a process that writes to the end of the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    # Opened for appending, so that the process continues at the new end after `limit_size`.
    with open(log, "ab", opener=private) as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C must reach `up` alone, which decides in which order processes end.
            start_new_session=True,
            **options,
        )


def private(path: str, flags: int) -> int:
    """Opens a file that only its owner can read, even one that others could read before."""
    handle = os.open(path, flags, 0o600)
    os.fchmod(handle, 0o600)
    return handle


def limit_size(log: Path) -> None:
    """Moves the content of a full log to its earlier part, which it replaces.

    The log is copied and emptied, not renamed, because the processes that write to it keep it open under any name. What
    they write between the two steps, a matter of microseconds, is lost.
    """
    if log.stat().st_size > MAX_BYTES:
        with suppress(OSError):  # the disk is full, and emptying the log makes room
            shutil.copy(log, earlier_part(log))  # with its mode
        os.truncate(log, 0)


def last_lines(log: Path, count: int, wanted: Callable[[str], bool] = lambda line: True) -> list[str]:
    """Returns the last wanted lines of the log, from its earlier part too if necessary."""
    found: list[str] = []
    for part in (log, earlier_part(log)):
        if len(found) < count and part.exists():
            with part.open("rb") as file:
                file.seek(max(part.stat().st_size - LINE_BYTES * count, 0))
                lines = file.read().decode(errors="replace").splitlines()
            found = [line for line in lines if wanted(line)] + found
    return found[-count:] if count else []


def new_lines(log: BinaryIO) -> Iterator[str]:
    """Returns the complete lines added since the open log was last read, those that were moved away first."""
    path = Path(log.name)
    if log.tell() > path.stat().st_size:
        with suppress(FileNotFoundError), earlier_part(path).open("rb") as moved:
            moved.seek(log.tell())
            yield from (line.decode(errors="replace").rstrip() for line in moved)
        log.seek(0)
    for line in log:
        if not line.endswith(b"\n"):  # still being written: next time
            log.seek(-len(line), os.SEEK_CUR)
            return
        yield line.decode(errors="replace").rstrip()


def quote_end(log: Path) -> str:
    """Returns the end of the log, for an error message."""
    return "\n".join([f"the end of {log}:", *(f"  {line}" for line in last_lines(log, QUOTED_LINES))])
