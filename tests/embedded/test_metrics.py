"""The web of `up` shows what all of its processes count, and nothing is left when it ends."""

import signal
import subprocess
from urllib.request import Request, urlopen

import pytest

from embedded.server import free_port
from tests.embedded.running_up import cli, wait_for_run, without_servers
from tests.servers import server_directory
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

LIVING = 'campaign_dispatch_living_processes{kind="worker",queue="send"} 2.0'
TOKEN = "a token for Prometheus"
CALLS = 'campaign_dispatch_provider_call_duration_seconds_count{outcome="accepted",provider="simulated"} 10.0'


def test_calls_of_workers_are_seen_at_the_web_of_up():
    with server_directory() as directory:
        environment = without_servers(METRICS_TOKEN=TOKEN, SIMULATOR_FAILURE_RATE="0", TMPDIR=str(directory))
        port = free_port()
        up = subprocess.Popen(cli("up", "--port", str(port), "--data", str(directory)), env=environment)
        try:
            url = f"{wait_for_run(directory, up)['web_url']}/metrics"

            def scraped() -> str:
                with urlopen(Request(url, headers={"Authorization": f"Bearer {TOKEN}"}), timeout=30) as answer:
                    return answer.read().decode()

            wait_until(lambda: LIVING in scraped(), "both send workers are seen")
            for words in (["seed"], ["campaign", "enqueue", "1"]):
                done = subprocess.run(cli(*words), env={**environment, "DATA_DIR": str(directory)}, check=False)
                assert done.returncode == 0
            wait_until(lambda: CALLS in scraped(), "the calls of the workers are seen")
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait(90)
        assert not list(directory.glob("campaign-dispatch-metrics-*"))
