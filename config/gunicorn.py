"""How gunicorn serves the API: `python -m gunicorn --config config/gunicorn.py "api:create_app()"`."""

import os
import signal
import subprocess
import sys
from types import FrameType
from typing import Any

from config.settings import settings
from config.stopping import stopping

_chosen = settings()

bind = f"{f'[{_chosen.web_host}]' if ':' in _chosen.web_host else _chosen.web_host}:{_chosen.port}"
workers = _chosen.web_workers
threads = _chosen.web_threads
worker_class = "gthread"

# Every part of a request is bounded, so that no one can fill the memory with a request that never ends.
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190

timeout = 60
# Less than the time after which `up` (20 s) and platforms (30 s) kill.
graceful_timeout = 15
keepalive = 5

# Our own log lines have the request id; gunicorn's would only repeat them without it.
accesslog = None
proc_name = "campaign-dispatch web"
# The control socket is not used, and two deployments of one user would share its path.
control_socket_disable = True


# START_WORKER=1, for development: the worker service runs as a child of web. The pipe closes when web ends, however it
# ends, and the child then stops.
_lifeline, _ours = os.pipe()
_jobs: list[subprocess.Popen[bytes]] = []


def when_ready(server: Any) -> None:
    """Starts `python -m jobs` beside web if START_WORKER is 1."""
    if _chosen.start_worker:
        command = [sys.executable, "-m", "jobs", "--lifeline", str(_lifeline)]
        _jobs.append(subprocess.Popen(command, pass_fds=[_lifeline], process_group=0))


def on_exit(server: Any) -> None:
    """Stops `python -m jobs` and waits until it has recorded the messages in flight."""
    for process in _jobs:
        process.terminate()
        process.wait()


def post_worker_init(worker: Any) -> None:
    """Lets endless answers, such as event streams, notice that this worker has been asked to stop."""
    gunicorns = signal.getsignal(signal.SIGTERM)

    def ask_and_pass_on(number: int, frame: FrameType | None) -> None:
        stopping().ask()
        if callable(gunicorns):
            gunicorns(number, frame)

    stopping()
    signal.signal(signal.SIGTERM, ask_and_pass_on)
