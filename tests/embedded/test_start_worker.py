"""START_WORKER=1: web starts the worker service and stops it again."""

import signal
import subprocess
import sys

import psutil
import pytest

from embedded.server import free_port
from embedded.servers import child_environment
from models.heartbeat import Heartbeat
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

WEB = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "api:create_app()"]


def _living() -> dict[str, set[int]]:
    """Returns process ids by kind, from their heartbeats."""
    found: dict[str, set[int]] = {}
    for beat in Heartbeat.living():
        if psutil.pid_exists(beat.pid):
            found.setdefault(beat.kind, set()).add(beat.pid)
    return found


@pytest.mark.usefixtures("db", "redis")
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_web_with_start_worker_runs_workers_and_a_sweeper_until_it_ends(end):
    environment = child_environment(START_WORKER="1", PORT=str(free_port()), WEB_WORKERS="1", SEND_WORKERS="1")
    web = subprocess.Popen(WEB, env=environment, stderr=subprocess.DEVNULL)
    try:
        started = wait_until(lambda: len(found := _living()) == 2 and found, "a worker and a sweeper")
    finally:
        web.send_signal(end)
        web.wait(30)
    wait_until(
        lambda: not any(psutil.pid_exists(pid) for pid in started["worker"] | started["sweeper"]),
        "all of them are gone",
    )
