"""A throw-away deployment: everything `up` runs, on durable servers of its own; nothing is left afterwards."""

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from time import monotonic, sleep

from config.settings import point_at
from config.stopping import stopping
from dispatch.queues import SEND
from embedded.home import SHARED
from embedded.lock import holding
from embedded.server import free_port
from embedded.stack import Stack
from models.database import db
from models.heartbeat import Heartbeat

ROOT = Path(__file__).parent.parent
START_TIMEOUT_SEC = 60.0
# The provider takes no time and refuses no one: what is measured is ours alone.
FREE_PROVIDER = {
    "SIMULATOR_URL": "",
    "SIMULATOR_ATTEMPTS": "",
    "SIMULATOR_FAILURE_RATE": "0",
    "SIMULATOR_LATENCY_MS": "0",
}


@contextmanager
def deployment(
    *, window: int, send_workers: int, say: Callable[[str], None], environment: Mapping[str, str] | None = None
) -> Iterator[Stack]:
    """Everything at work, with this process's database connected, for as long as the block lasts."""
    variables = {
        # The tree this file is in, whichever one is installed.
        "PYTHONPATH": str(ROOT),
        "SEND_WINDOW": str(window),
        "SEND_WORKERS": str(send_workers),
        **FREE_PROVIDER,
        **(environment or {}),
    }
    # No servers named and no .env in sight: a benchmark never fills a database that is in use.
    with _home() as directory, holding(directory) as lock, chdir(directory):
        point_at(database_url="", redis_url="")
        # Not the next free port, which another process may be about to take.
        stack = Stack(directory, lock=lock, port=free_port(), stop=stopping(), say=say, environment=variables)
        try:
            stack.start()
            with db.connection_context():
                _wait_for_senders(send_workers)
                yield stack
        finally:
            say("stopping")
            db.close_all()
            stack.end()


def log_tail(stack: Stack, lines: int = 15) -> str:
    """The end of the workers' log, for the story of a run that went wrong."""
    log = stack.directory / "logs" / "supervisor.log"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def _home() -> Iterator[Path]:
    # Not /tmp, which often is memory: there a durable commit costs nothing.
    with tempfile.TemporaryDirectory(prefix="campaign-dispatch-benchmark-", dir=SHARED) as name:
        os.chmod(name, 0o711)  # root's servers run as another user
        yield Path(name)


def _wait_for_senders(wanted: int) -> None:
    """A stack counts as ready with one worker on every queue; the measurement starts with all of them."""
    deadline = monotonic() + START_TIMEOUT_SEC
    while Counter(beat.queue for beat in Heartbeat.living())[SEND] < wanted:
        if monotonic() > deadline:
            raise RuntimeError(f"not all of the {wanted} send workers came to life")
        sleep(0.1)
