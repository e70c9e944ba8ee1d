"""The log of each process of `up`: it gets all that the process writes, and holds no more than the last of it."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

MAX_BYTES = 10_000_000
QUOTED_LINES = 15
# More than nearly every line has; what is longer comes cut.
LINE_BYTES = 10_000


def log_path(directory: Path, name: str) -> Path:
    """The log of the process of this name."""
    return directory / "logs" / f"{name}.log"


def earlier_part(log: Path) -> Path:
    """Where the former content of the log is kept."""
    return log.with_name(f"{log.name}.1")


def spawn(command: list[str], *, log: Path, **options: Any) -> subprocess.Popen[bytes]:
    """Starts a process that writes to the end of the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    # Opened for appending, so that the process goes on at the new end after `limit_size`.
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C must reach `up` alone, which decides in which order processes end.
            start_new_session=True,
            **options,
        )


def limit_size(log: Path) -> None:
    """Moves the content of a log that is full to its earlier part, which it replaces.

    It is copied and emptied, not renamed, because the processes that write to it hold it open and do not care about its
    name. What is written between the two steps, which takes microseconds, is lost.
    """
    if log.stat().st_size > MAX_BYTES:
        with suppress(OSError):  # the disk is full, and emptying the log makes room
            shutil.copyfile(log, earlier_part(log))
        os.truncate(log, 0)


def last_lines(log: Path, count: int, wanted: Callable[[str], bool] = lambda line: True) -> list[str]:
    """The last of the wanted lines of the log, from its earlier part too if need be."""
    found: list[str] = []
    for part in (log, earlier_part(log)):
        if len(found) < count and part.exists():
            with part.open("rb") as file:
                file.seek(max(part.stat().st_size - LINE_BYTES * count, 0))
                lines = file.read().decode(errors="replace").splitlines()
            found = [line for line in lines if wanted(line)] + found
    return found[-count:] if count else []


def new_lines(log: BinaryIO) -> Iterator[str]:
    """The whole lines that were added since the open log was read last, those first that were moved away meanwhile."""
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
    """The end of the log, for an error message."""
    return "\n".join([f"the end of {log}:", *(f"  {line}" for line in last_lines(log, QUOTED_LINES))])
