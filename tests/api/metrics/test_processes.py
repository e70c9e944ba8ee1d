"""Scrapes of web as it is deployed: in several processes, with what counts gone, and with its servers away."""

import os
import signal
import socket
from http.client import HTTPConnection
from time import monotonic

import pytest

from embedded.server import free_port
from tests.api.metrics.scraping import values_in
from tests.factories import an_account
from tests.own_redis import an_own_redis, hanging
from tests.processes import running
from tests.sending import started
from tests.waiting import wait_until
from tests.web import Web, running_web

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("db")]

TOKEN = "a token for Prometheus"
# Nothing listens there: the port is reserved and needs root.
NOWHERE = "127.0.0.1:1"
# A bound and no measurement: a scrape gives up after 1.5 s, and whoever waited for a connection would take longer.
WITHIN_SEC = 4.0
SENT = {"provider": "simulated", "outcome": "accepted"}


def scrape(web: Web):
    answer = web.ask("GET", "/metrics", key=TOKEN)
    assert answer.status == 200
    return values_in(answer.body.decode())


def test_requests_to_all_processes_of_web_are_added_up_whichever_is_scraped(tmp_path):
    directory = tmp_path / "metrics"
    settings = {"METRICS_TOKEN": TOKEN, "PROMETHEUS_MULTIPROC_DIR": directory}
    with running_web(tmp_path, WEB_WORKERS=2, **settings) as web:
        for _ in range(40):
            assert web.ask("GET", "/docs").status == 200
        counted = {scrape(web)("http_requests_total", method="GET", route="/docs", status="200") for _ in range(10)}
        assert counted == {40}
    assert list(directory.glob("counter_*.db"))


def test_the_counts_of_a_web_process_that_was_killed_stay(tmp_path):
    with running_web(tmp_path, METRICS_TOKEN=TOKEN) as web:
        for _ in range(5):
            web.ask("GET", "/docs")
        for pid in web.process.children():
            os.kill(pid, signal.SIGKILL)
        wait_until(web.lives, "web answers again")
        assert scrape(web)("http_requests_total", method="GET", route="/docs", status="200") == 5


def test_without_postgresql_it_says_so_and_what_else_it_knows(tmp_path, redis):
    with running_web(tmp_path, METRICS_TOKEN=TOKEN, DATABASE_URL=f"postgresql://postgres@{NOWHERE}/none") as web:
        told = scrape(web)
        assert (told("up", server="postgresql"), told("up", server="redis")) == (0, 1)
        assert told("queue_jobs", queue="send") == 0
        assert told("open_messages", state="pending") is None
        assert web.ask("GET", "/metrics", key="cd_ac_some_key").status == 503


def test_a_postgresql_that_hangs_is_not_waited_for(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://postgres@127.0.0.1:{silent.getsockname()[1]}/none"
        with running_web(tmp_path, METRICS_TOKEN=TOKEN, DATABASE_URL=url) as web:
            for _ in range(3):
                began = monotonic()
                assert scrape(web)("up", server="postgresql") == 0
                assert monotonic() - began < WITHIN_SEC


def test_a_redis_that_hangs_is_not_waited_for(tmp_path):
    with (
        an_own_redis() as server,
        running_web(tmp_path, METRICS_TOKEN=TOKEN, REDIS_URL=server.url) as web,
        hanging(server),
    ):
        for _ in range(3):
            began = monotonic()
            told = scrape(web)
            assert (told("up", server="postgresql"), told("up", server="redis")) == (1, 0)
            assert monotonic() - began < WITHIN_SEC


def test_web_shows_what_workers_of_its_machine_count_and_forgets_the_gauges_of_dead_ones(redis, tmp_path):
    shared = {"METRICS_TOKEN": TOKEN, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")}
    account = an_account()
    with (
        running_web(tmp_path, **shared) as web,
        running("jobs", log=tmp_path / "jobs.log", SEND_WORKERS="1", SIMULATOR_FAILURE_RATE="0", **shared),
    ):
        dead = tmp_path / "metrics" / f"gauge_livesum_{2**22 + 1}.db"
        dead.touch()
        started(account, recipients=5)
        calls = "provider_call_duration_seconds_count"
        wait_until(lambda: scrape(web)(calls, **SENT) == 5, "five calls are counted")
        wait_until(lambda: scrape(web)("messages_total", provider="simulated", outcome="sent") == 5, "five are sent")
        assert not dead.exists()


def test_workers_of_another_machine_show_what_they_count_at_a_port_of_their_own(redis, tmp_path):
    port = free_port()
    chosen = {"METRICS_TOKEN": TOKEN, "METRICS_PORT": str(port), "WEB_HOST": "127.0.0.1", "SEND_WORKERS": "1"}
    with running("jobs", log=tmp_path / "jobs.log", SIMULATOR_FAILURE_RATE="0", **chosen) as jobs:
        started(an_account(), recipients=5)

        def asked(path: str = "/metrics", token: str = TOKEN) -> tuple[int, str]:
            line = HTTPConnection("127.0.0.1", port, timeout=30)
            line.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            answer = line.getresponse()
            return answer.status, answer.read().decode()

        def calls() -> float | None:
            try:
                return values_in(asked()[1])("provider_call_duration_seconds_count", **SENT)
            except OSError:
                return None

        wait_until(lambda: calls() == 5, "five calls are counted")
        assert asked(token="another")[0] == 401
        assert asked("/")[0] == 404
        assert "campaign_dispatch_up" not in asked()[1]
        assert jobs.stop() == 0


def test_a_port_for_metrics_without_a_token_is_refused(tmp_path):
    with running("jobs", log=tmp_path / "jobs.log", METRICS_PORT="9100") as jobs:
        assert jobs.wait() == 1
    assert jobs.log.startswith("campaign-dispatch: METRICS_TOKEN: must be set, because METRICS_PORT is")


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        chosen = {"METRICS_TOKEN": TOKEN, "METRICS_PORT": str(port), "WEB_HOST": "127.0.0.1"}
        with running("jobs", log=tmp_path / "jobs.log", **chosen) as jobs:
            assert jobs.wait() == 1
    assert jobs.log.splitlines()[-1].startswith(f"campaign-dispatch: METRICS_PORT: 127.0.0.1:{port} cannot be used")
