"""`run.json`, which tells other programs what `up` runs, for as long as it runs."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from embedded.refusal import Refused
from embedded.sessions import started_at


@dataclass(frozen=True)
class Run:
    """The addresses of a running `up`, and the pids of its processes by name."""

    database_url: str
    redis_url: str
    web_url: str | None
    processes: dict[str, list[int]] = field(default_factory=dict)
    #: Signs the jobs of this `up`; None when its Redis is one from outside, whose users name the key themselves.
    job_signing_key: str | None = None
    #: Seals the credentials of providers; None when its database is one from outside.
    provider_key: str | None = None
    #: Makes the codes of short links; None when its database is one from outside.
    link_key: str | None = None
    #: Where web is reached from outside; None when no one said.
    public_url: str | None = None


def run_path(directory: Path) -> Path:
    """Returns the file that appears when everything is ready and disappears when `up` stops."""
    return directory / "run.json"


def processes_path(directory: Path) -> Path:
    """Returns the file that lists the processes of `up`, for whoever has to end them when it cannot."""
    return directory / "processes.json"


def lock_path(directory: Path) -> Path:
    """Returns the file whose lock is held by `up`, and by the reaper that ends its processes."""
    return directory / "up.lock"


def read_run(directory: Path) -> Run | None:
    """Returns what runs in the directory now, or None; the file of an `up` that died does not count."""
    try:
        found = json.loads(run_path(directory).read_text())
    except FileNotFoundError:
        return None
    return Run(**found) if is_running(directory) else None


def write_run(directory: Path, run: Run) -> None:
    """Replaces the file in one step; only its owner can read it, because it contains passwords."""
    write_secret(run_path(directory), json.dumps(asdict(run), indent=1))


def forget_run(directory: Path) -> None:
    """Deletes what tells of an `up`: it has ended, and so have its processes."""
    run_path(directory).unlink(missing_ok=True)
    processes_path(directory).unlink(missing_ok=True)


def write_secret(path: Path, text: str) -> None:
    """Replaces a file in one step; only its owner can read it."""
    draft = path.with_name(f"{path.name}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    draft.replace(path)


def is_running(directory: Path) -> bool:
    """Whether an `up` is running in this directory."""
    return running_pid(directory) is not None


def running_pid(directory: Path) -> int | None:
    """Returns the pid of the `up` that runs in this directory, or None."""
    process = running_process(directory)
    return process.pid if process else None


def running_process(directory: Path) -> psutil.Process | None:
    """Returns the `up` that runs in this directory, or None; never another process that has its number by now.

    Refused when the lock is another user's.
    """
    try:
        lock = lock_path(directory).open()
    except FileNotFoundError:
        return None
    except PermissionError:
        raise Refused(
            f"{directory} is another user's; run this as them, or choose a directory with --data.", code="BAD_DIRECTORY"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            # The reaper of an `up` that was killed also holds the lock, until it has ended everything.
            return _named_process(lock.read(), owner=os.fstat(lock.fileno()).st_uid)
        return None


def own_name() -> str:
    """Returns what `up` writes into its lock: its pid, and when it was started, since numbers are used again."""
    return f"{os.getpid()} {started_at(os.getpid())}"


def _named_process(name: str, *, owner: int) -> psutil.Process | None:
    try:
        pid, since = name.split()
        process = psutil.Process(int(pid))
        # A file can name only processes of its owner, or root would signal what anyone wrote into theirs.
        is_ours = started_at(process.pid) == float(since) and process.uids().effective == owner
    except (ValueError, OverflowError, psutil.Error):
        return None
    return process if is_ours else None
