"""A throw-away deployment: everything `up` runs, on its own durable servers; nothing is left afterwards."""

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

import psycopg

from config.settings import Settings, point_at, settings
from config.stopping import stopping
from dispatch.queues import SEND
from embedded.home import SHARED
from embedded.lock import holding
from embedded.roles import APPLICATION
from embedded.server import free_port
from embedded.servers import embedded_servers
from embedded.stack import Stack
from models.database import db
from models.heartbeat import Heartbeat

ROOT = Path(__file__).parent.parent
START_TIMEOUT_SEC = 60.0
DEFAULT_WINDOW: int = Settings.model_fields["send_window"].default
# The provider takes no time and refuses nothing, so that only our own work is measured.
FREE_PROVIDER = {
    "SIMULATOR_URL": "",
    "SIMULATOR_ATTEMPTS": "",
    "SIMULATOR_FAILURE_RATE": "0",
    "SIMULATOR_LATENCY_MS": "0",
}


@contextmanager
def deployment(
    *,
    window: int,
    send_workers: int,
    say: Callable[[str], None],
    environment: Mapping[str, str] | None = None,
    called_back: bool = False,
) -> Iterator[Stack]:
    """Runs everything until the end of the block, with this process connected to the database.

    When it is `called_back`, providers are told the address of web.
    """
    # Not the next free port, which another process may be about to use.
    port = free_port()
    variables = {
        # The source tree of this file, whichever one is installed.
        "PYTHONPATH": str(ROOT),
        "SEND_WINDOW": str(window),
        "SEND_WORKERS": str(send_workers),
        **FREE_PROVIDER,
        **({"PUBLIC_URL": f"http://127.0.0.1:{port}"} if called_back else {}),
        **(environment or {}),
    }
    # No servers named and no .env read: a benchmark never fills a database that is in use.
    with _home() as directory, holding(directory) as lock, chdir(directory):
        point_at(database_url="", redis_url="")
        stack = Stack(directory, lock=lock, port=port, stop=stopping(), say=say, environment=variables)
        try:
            stack.start()
            _let_write_to_disk(directory)
            with db.connection_context():
                _wait_for_senders(send_workers)
                yield stack
        finally:
            say("stopping")
            db.close_all()
            stack.end()


def log_tail(stack: Stack, lines: int = 15) -> str:
    """Returns the end of the workers' log, for a run that went wrong."""
    log = stack.directory / "logs" / "supervisor.log"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


@contextmanager
def _home() -> Iterator[Path]:
    # Not /tmp, which is often memory, where a durable commit costs nothing.
    with tempfile.TemporaryDirectory(prefix="campaign-dispatch-benchmark-", dir=SHARED) as name:
        os.chmod(name, 0o711)  # root's servers run as another user
        yield Path(name)


def _let_write_to_disk(directory: Path) -> None:
    """Lets the application's role order a checkpoint, which only a benchmark does."""
    postgres = embedded_servers(directory, redis=False).postgres
    url = settings().database_url
    assert postgres
    assert url
    postgres.port = urlsplit(url.get_secret_value()).port or 0
    with psycopg.connect(postgres.superuser_url) as connection:
        connection.execute(f"GRANT pg_checkpoint TO {APPLICATION}")


def _wait_for_senders(wanted: int) -> None:
    """A stack counts as ready with one worker on every queue; the measurement starts with all of them."""
    deadline = monotonic() + START_TIMEOUT_SEC
    while Counter(beat.queue for beat in Heartbeat.living())[SEND] < wanted:
        if monotonic() > deadline:
            raise RuntimeError(f"not all of the {wanted} send workers came to life")
        sleep(0.1)
