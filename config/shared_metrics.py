"""The directory in which the processes of one machine keep what they count, so that any of them can add it up."""

import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from config.settings import BadSetting, Settings, settings

PREFIX = "campaign-dispatch-metrics-"
# Its lock is held for as long as the directory is used; the kernel releases it however the process ends.
_LOCK = "in-use"
_EXAMPLE = "/run/campaign-dispatch/metrics"


class MetricsDirectory:
    """A new directory among the machine's temporary files, which is this process's until it is forgotten.

    What processes that were killed have left behind is deleted first.
    """

    def __init__(self, *, user: int | None = None, group: int = -1) -> None:
        """Makes it for the user who counts; None: the one that this process runs as."""
        owners = {os.geteuid(), os.geteuid() if user is None else user}
        forget_left_behind(Path(tempfile.gettempdir()), owners=owners)
        # Under another name until it is locked, so that no one takes it for one that was left behind.
        made = Path(tempfile.mkdtemp(prefix=f".{PREFIX}"))
        self._lock = os.open(made / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        if user is not None:
            os.chown(made, user, group)
        self.path = made.with_name(made.name.removeprefix("."))
        made.rename(self.path)

    def forget(self) -> None:
        """Deletes it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def forget_left_behind(directory: Path, *, owners: set[int]) -> None:
    """Deletes the directories of these users that no living process holds; others' are left alone."""
    for left in directory.glob(f"{PREFIX}*"):
        # Another process may delete it at the same moment.
        with suppress(OSError):
            found = left.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid in owners:
                _delete_unless_held(left)


def _delete_unless_held(left: Path) -> None:
    lock = os.open(left / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(left, ignore_errors=True)
    finally:
        os.close(lock)


def share_metrics(chosen: Settings) -> MetricsDirectory | None:
    """Makes the children of this process share PROMETHEUS_MULTIPROC_DIR, or else a new directory, which is returned.

    Call it before prometheus_client is imported, which looks once. None: the directory is someone else's to delete.
    """
    check_metrics_directory(chosen)
    try:
        made = None if chosen.prometheus_multiproc_dir else MetricsDirectory()
    except OSError as problem:
        raise _unusable("is not set, and no directory for temporary files can be written", problem) from None
    directory = made.path if made else chosen.prometheus_multiproc_dir
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
    settings.cache_clear()
    return made


def check_metrics_directory(chosen: Settings) -> None:
    """Makes PROMETHEUS_MULTIPROC_DIR, if it is set; BadSetting unless this process can write there."""
    if chosen.prometheus_multiproc_dir is None:
        return
    try:
        chosen.prometheus_multiproc_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=chosen.prometheus_multiproc_dir):
            pass
    except OSError as problem:
        raise _unusable("the directory cannot be made or written", problem) from None


def _unusable(what: str, problem: OSError) -> BadSetting:
    return BadSetting(
        f"campaign-dispatch: PROMETHEUS_MULTIPROC_DIR: {what} ({problem.strerror}); name one that web and workers own; "
        f"for example PROMETHEUS_MULTIPROC_DIR={_EXAMPLE}"
    )


def forget_metrics(made: MetricsDirectory | None) -> None:
    """Deletes the directory that `share_metrics` made, if it made one."""
    if made:
        made.forget()
