"""How gunicorn serves the API: `python -m gunicorn --config config/gunicorn.py "api:create_app()"`."""

from gevent import monkey

# Before anything else is imported: psycopg chooses when it is imported how it waits, and only then lets others run.
monkey.patch_all()

import os  # noqa: E402
import resource  # noqa: E402
import signal  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
from types import FrameType  # noqa: E402
from typing import Any  # noqa: E402

from gunicorn.errors import HaltServer  # noqa: E402

from config.logging import start_logging  # noqa: E402
from config.settings import settings  # noqa: E402
from config.shared_metrics import forget_metrics, share_metrics  # noqa: E402
from config.stopping import stopping  # noqa: E402

_chosen = settings()
# Of the arbiter, which builds no application; its workers begin again with the same.
start_logging(_chosen, process="web")
# Of each process, whichever of them is scraped shows what all have counted.
_metrics = share_metrics(_chosen)

bind = f"{f'[{_chosen.web_host}]' if ':' in _chosen.web_host else _chosen.web_host}:{_chosen.port}"
workers = _chosen.web_workers
worker_class = "api.server.worker.WebWorker"
worker_connections = _chosen.web_connections
# Sent piece by piece, so that a client that reads nothing is noticed.
sendfile = False

# Every part of a request is bounded, so that no one can fill the memory with a request that never ends.
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190

timeout = 60
# Less than the time after which `up` (20 s) and platforms (30 s) kill.
graceful_timeout = 15
# The time for the headers of a request too, with that between two requests on one connection.
keepalive = 5

# Our own log lines have the request id; gunicorn's would only repeat them without it.
accesslog = None
logger_class = "config.gunicorn_log.GunicornLog"
proc_name = "campaign-dispatch web"
# The control socket is not used, and two deployments of one user would share its path.
control_socket_disable = True


# Each connection is a file, with some more for logs, databases and the bodies that wait on disk.
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
_wanted = 2 * worker_connections + 500
if _soft != resource.RLIM_INFINITY and _soft < _wanted:
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (_wanted if _hard == resource.RLIM_INFINITY else min(_wanted, _hard), _hard)
    )

# START_WORKER=1, for development: the worker service runs as a child of web. The pipe closes when web ends, however it
# ends, and the child then stops.
_lifeline, _ours = os.pipe()
_jobs: list[subprocess.Popen[bytes]] = []


# Holds one byte: of workers that all cannot begin, the one that takes it says why.
_told, _tell = os.pipe()
os.set_blocking(_told, False)
os.write(_tell, b"1")


def post_fork(server: Any, worker: Any) -> None:
    """Passes on what decides whether it is the one that says why web cannot begin."""
    worker.told = _told


def when_ready(server: Any) -> None:
    """Starts `python -m jobs` beside web if START_WORKER is 1."""
    if _chosen.start_worker:
        command = [sys.executable, "-m", "jobs", "--lifeline", str(_lifeline)]
        _jobs.append(subprocess.Popen(command, pass_fds=[_lifeline], process_group=0))


def on_exit(server: Any) -> None:
    """Stops `python -m jobs`, waits until it has recorded the messages in flight, and forgets what was counted.

    A web whose workers cannot begin ends with 1, as every process does that cannot, and not with gunicorn's 3 or 4.
    """
    for process in _jobs:
        process.terminate()
        process.wait()
    forget_metrics(_metrics)
    # gunicorn calls this while it handles what ends it; `server` knows nothing of that.
    if isinstance(sys.exception(), HaltServer):
        sys.exit(1)


def post_worker_init(worker: Any) -> None:
    """Lets endless answers, such as event streams, notice that this worker has been asked to stop."""
    gunicorns = signal.getsignal(signal.SIGTERM)

    def ask_and_pass_on(number: int, frame: FrameType | None) -> None:
        stopping().ask()
        if callable(gunicorns):
            gunicorns(number, frame)

    stopping()
    signal.signal(signal.SIGTERM, ask_and_pass_on)
