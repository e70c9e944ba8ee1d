"""What an `up` leaves running when it and its reaper are both killed: listed in a file, and ended from there."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from embedded.run_file import forget_run, processes_path, write_secret
from embedded.sessions import Leader, end_in_stages, started_at


def write_leaders(directory: Path, leaders: list[Leader]) -> None:
    """Lists the processes of a running `up`, in one step; only its owner may change what `down` ends."""
    write_secret(processes_path(directory), json.dumps([asdict(leader) for leader in leaders]))


def orphans(directory: Path) -> list[Leader]:
    """Returns the listed processes that still run; whoever holds the directory's lock knows that no one ends them."""
    path = processes_path(directory)
    try:
        listed = [Leader(**entry) for entry in json.loads(path.read_text())]
        trusted = path.stat().st_uid == os.geteuid()
    except FileNotFoundError:
        return []
    # By now another process may have the number. Another user's list, which only root can act on, counts for nothing.
    return [each for each in listed if trusted and each.started_at and each.started_at == started_at(each.pid)]


def end_orphans(directory: Path, say: Callable[[str], None]) -> bool:
    """Ends them in the order in which the reaper would have; returns whether there were any."""
    left = orphans(directory)
    if left:
        pids = ", ".join(str(leader.pid) for leader in left)
        say(f"ending what an `up` that was killed has left behind: process {pids}")
    end_in_stages(left)
    forget_run(directory)
    return bool(left)
