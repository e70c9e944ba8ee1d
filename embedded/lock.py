"""The lock on a data directory: one `up` at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from config.settings import settings
from embedded.refusal import Refused
from embedded.run_file import lock_path, own_name, running_pid


def end_timeout_sec() -> float:
    """Returns how long the reaper may take, in seconds: 60 for three stages and 15 more, and longer for long calls."""
    return 60.0 + settings().stop_grace_sec


@contextmanager
def holding(directory: Path) -> Iterator[int]:
    """Locks the directory and yields the lock's descriptor; refuses when another `up` runs there.

    When an `up` was killed, its reaper holds the lock until its processes are gone, and we wait for that.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        # Whoever may open the file may hold its lock, so no other user may.
        handle = os.open(lock_path(directory), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        os.fchown(handle, os.geteuid(), -1)
        os.fchmod(handle, 0o600)
    except OSError as problem:
        message = f"{directory} cannot be used for the data ({problem.strerror}); choose another directory with --data."
        raise Refused(message, code="BAD_DIRECTORY") from None
    try:
        deadline = monotonic() + end_timeout_sec()
        while not _take(handle):
            if (pid := running_pid(directory)) is not None:
                raise Refused(f"`up` is already running in {directory}, as process {pid}.", code="ALREADY_RUNNING")
            if monotonic() > deadline:
                raise Refused(
                    f"Processes of an earlier `up` in {directory} are still running; try again when they have ended.",
                    code="ALREADY_RUNNING",
                )
            sleep(0.05)  # flock itself could not wait and look who holds the lock
        os.truncate(handle, 0)
        os.pwrite(handle, own_name().encode(), 0)
        yield handle
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
