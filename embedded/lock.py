"""One `up` per data directory."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from embedded.refusal import Refused
from embedded.run_file import lock_path, running_pid

# A guardian gives 20, 10 and 30 s to those it ends.
PATIENCE = 75.0


@contextmanager
def holding(directory: Path) -> Iterator[int]:
    """Holds the directory and gives the lock's descriptor; refuses when another `up` lives there.

    When an `up` was killed, its guardian keeps the lock until its processes are gone, and we wait for that.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock_path(directory), os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as problem:
        message = f"{directory} cannot hold the data ({problem.strerror}); choose another directory with --data"
        raise Refused(message, code="BAD_DIRECTORY") from None
    try:
        deadline = monotonic() + PATIENCE
        while not _take(handle):
            if (pid := running_pid(directory)) is not None:
                raise Refused(f"`up` runs in {directory} already, as process {pid}", code="ALREADY_RUNNING")
            if monotonic() > deadline:
                raise Refused(f"processes of an earlier `up` in {directory} do not end", code="ALREADY_RUNNING")
            sleep(0.05)  # the lock has no queue to wait in that also lets us look who holds it
        os.truncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield handle
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
