"""Scrapes of web as it is deployed: in several processes, with what counts gone, and with its servers away."""

import os
import signal
import socket
from time import monotonic

import pytest

from tests.api.metrics.scraping import values_in
from tests.own_redis import an_own_redis, hanging
from tests.waiting import wait_until
from tests.web import Web, running_web

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("db")]

TOKEN = "a token for Prometheus"
# Nothing listens there: the port is reserved and needs root.
NOWHERE = "127.0.0.1:1"
# A bound and no measurement: a scrape gives up after 1.5 s, and whoever waited for a connection would take longer.
WITHIN_SEC = 4.0


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


def test_without_postgresql_it_says_so_and_what_else_it_knows(tmp_path):
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
