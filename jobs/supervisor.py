"""The processes of `python -m jobs`, which it keeps running until it is asked to stop."""

import os
import subprocess
import sys
from collections.abc import Iterable
from functools import partial

from config.settings import Settings
from config.stopping import stopping
from dispatch.process.children import Children
from dispatch.queues import HOUSE, PREPARE, SEND

CHECK_INTERVAL_SEC = 0.1


def modules(
    settings: Settings, queues: Iterable[str] | None = None, *, sweeper: bool = True
) -> dict[str, tuple[str, ...]]:
    """Returns the processes of a whole deployment, or of some queues, as module and arguments by name.

    Each worker has one queue, because RQ pops without a safety copy from several.
    """
    workers = {HOUSE: 1, PREPARE: 1, SEND: settings.send_workers}
    found: dict[str, tuple[str, ...]] = {
        f"{queue}-{number}": ("jobs.worker", queue)
        for queue in (workers if queues is None else queues)
        for number in range(1, workers[queue] + 1)
    }
    return found | {"sweeper": ("sweeper",)} if sweeper else found


def supervise(wanted: dict[str, tuple[str, ...]], *, grace_sec: float) -> None:
    """Keeps the processes running until this one is asked to stop, then stops them all within the grace."""
    # Only this process holds the writing end, so the reading end tells every child when it is gone, kill -9 included.
    lifeline, ours = os.pipe()
    children = Children(grace_sec=grace_sec)
    try:
        for name, module in wanted.items():
            children.start(name, partial(_launch, module, lifeline))
        while not stopping().wait(CHECK_INTERVAL_SEC):
            children.restart_ended()
    finally:
        children.end()
        os.close(ours)
        os.close(lifeline)


def _launch(module: tuple[str, ...], lifeline: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", *module, "--lifeline", str(lifeline)],
        stdin=subprocess.DEVNULL,
        pass_fds=[lifeline],
        # A group of its own: Ctrl-C is for the supervisor, which then stops the children in order.
        process_group=0,
    )
