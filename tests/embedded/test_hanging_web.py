"""`up` asks web from outside, and restarts it when it hangs."""

import json
import os
import signal
import socket
import subprocess
import sys
from urllib.request import urlopen

import psutil
import pytest
from flask import Flask

from embedded.readiness import web_answers
from embedded.server import free_port
from embedded.web_check import FIRST_LOOKS, LOOKS, WebCheck
from tests.doubles.serving import Double, serving, status
from tests.embedded.running_up import wait_for_run, without_servers
from tests.servers import server_directory
from tests.waiting import wait_until

# The command line, whose `up` asks four times as often as it does by default.
OFTEN = "import cli, embedded.web_check; embedded.web_check.LOOK_EVERY_SEC /= 4; cli.main()"


@pytest.fixture
def silent_port():
    """A port at which connections are taken and nothing is answered."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def asks_briefly(monkeypatch):
    monkeypatch.setattr("embedded.readiness.ASK_SEC", 0.01)


def look(check, times):
    for _ in range(times):
        check.look()


def test_web_hangs_when_it_has_not_answered_for_so_many_looks_in_a_row(silent_port, asks_briefly, monkeypatch):
    answers = True
    monkeypatch.setattr("embedded.web_check.web_responds", lambda port, host: answers)
    check = WebCheck(os.getpid, silent_port)
    check.look()
    answers = False
    look(check, LOOKS - 1)
    assert not check.hangs(os.getpid())
    answers = True
    check.look()
    answers = False
    look(check, LOOKS - 1)
    assert not check.hangs(os.getpid()), "it has answered in between"
    check.look()
    assert check.hangs(os.getpid())
    assert not check.hangs(None)
    assert not check.hangs(os.getppid()), "that one was not asked"


def test_web_that_has_just_started_has_longer_and_a_restarted_one_has_as_long_again(silent_port, asks_briefly):
    pid = os.getpid()
    check = WebCheck(lambda: pid, silent_port)
    look(check, FIRST_LOOKS - 1)
    assert not check.hangs(pid)
    check.look()
    assert check.hangs(pid)
    pid = os.getppid()
    check.look()
    assert not check.hangs(pid)


def test_web_that_is_not_running_does_not_hang(silent_port, asks_briefly):
    check = WebCheck(lambda: None, silent_port)
    look(check, FIRST_LOOKS * 2)
    assert not check.hangs(None)


def test_web_that_refuses_answers_but_is_not_ready():
    with serving(Double(Flask("full"))) as full:
        port = int(full.url.rpartition(":")[2])
        full.fail(*[status(503)] * (FIRST_LOOKS + 1))
        check = WebCheck(os.getpid, port)
        look(check, FIRST_LOOKS)
        assert not check.hangs(os.getpid())
        assert not web_answers(port)


def test_an_arbiter_that_is_stopped_hangs_although_its_workers_answer(monkeypatch):
    monkeypatch.setattr("embedded.web_check.web_responds", lambda port, host: True)
    with subprocess.Popen(["sleep", "600"]) as process:
        check = WebCheck(lambda: process.pid, 0)
        check.look()
        process.send_signal(signal.SIGSTOP)
        wait_until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED, "it is stopped")
        look(check, LOOKS)
        assert check.hangs(process.pid)
        process.kill()


@pytest.mark.processes
def test_web_that_is_frozen_with_all_its_workers_is_killed_and_started_again():
    with server_directory() as directory:
        command = [sys.executable, "-c", OFTEN, "up", "--port", str(free_port()), "--data", str(directory)]
        with subprocess.Popen(command, env=without_servers(), stderr=subprocess.PIPE, text=True) as up:
            try:
                before = wait_for_run(directory, up)
                [arbiter] = before["processes"]["web"]
                frozen = [arbiter, *(child.pid for child in psutil.Process(arbiter).children())]
                for pid in frozen:
                    os.kill(pid, signal.SIGSTOP)

                def now():
                    return json.loads((directory / "run.json").read_text())["processes"].get("web", [arbiter])

                wait_until(lambda: now() != [arbiter], "web is started again", seconds=150)
                wait_until(lambda: web_answers(int(before["web_url"].rpartition(":")[2])), "it answers")
                assert urlopen(f"{before['web_url']}/health/live").status == 200
                assert not [pid for pid in frozen if psutil.pid_exists(pid)]
            finally:
                up.send_signal(signal.SIGTERM)
                assert up.wait(90) == 0
            assert "web does not answer" in up.stderr.read()
