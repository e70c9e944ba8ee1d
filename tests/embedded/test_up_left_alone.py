"""`up` when the database fails beneath it, and what is left when `up` and its reaper are both killed."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from embedded.server import free_port
from tests.embedded.running_up import RunningUp, all_of, cli, lives, reaper_of, wait_for_run, without_servers
from tests.servers import server_directory
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

# What `up` itself does in the database: only reading the heartbeats.
LOOKS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'campaign-dispatch up'"


@contextmanager
def whole_product(directory: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """Yields a running `up` and its run.json."""
    command = cli("up", "--port", str(free_port()), "--data", str(directory))
    with subprocess.Popen(command, env=without_servers(), stderr=subprocess.DEVNULL) as process:
        try:
            yield process, wait_for_run(directory, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(90)


def processes_now(directory: Path) -> dict[str, list[int]]:
    found: dict[str, list[int]] = json.loads((directory / "run.json").read_text())["processes"]
    return found


def restarts(directory: Path, name: str) -> None:
    """Kills one process of `up`, and returns when another has its place."""
    [victim] = processes_now(directory)[name]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: processes_now(directory).get(name, [victim]) != [victim], f"another {name}")


def test_up_outlives_whatever_happens_to_its_look_at_the_heartbeats_and_keeps_restarting_processes():
    with server_directory() as directory, whole_product(directory) as (up, before):
        with psycopg.connect(before["database_url"], autocommit=True) as operator:

            def looks(condition: str = "true") -> list[int]:
                return [pid for (pid,) in operator.execute(f"{LOOKS} AND {condition}").fetchall()]

            with operator.transaction():
                operator.execute("LOCK TABLE heartbeat IN ACCESS EXCLUSIVE MODE")
                waits = "wait_event_type = 'Lock'"
                wait_until(lambda: looks(waits), "`up` waits for the lock")
                restarts(directory, "web")
                wait_until(lambda: not looks(waits), "its patience ends")
            for _ in range(5):
                operator.execute(f"SELECT pg_terminate_backend(pid) FROM ({LOOKS}) AS looks").fetchall()
            wait_until(looks, "`up` has connected again")
        os.kill(before["processes"]["postgres"][0], signal.SIGKILL)
        wait_until(
            lambda: set(processes_now(directory)) == set(before["processes"]), "all are there again", seconds=120
        )
        assert up.poll() is None


@pytest.fixture
def orphaned():
    """An `up` that was killed together with its reaper, and the processes of both."""
    with server_directory() as directory:
        up = RunningUp(directory)
        up.run()
        family = all_of(up.process.pid)
        up.process.send_signal(signal.SIGSTOP)  # so that it does not replace its reaper
        reaper = reaper_of(up)
        assert reaper
        reaper.kill()
        up.process.kill()
        up.process.wait()
        wait_until(lambda: not lives(reaper.pid), "the reaper is gone")
        left = [pid for pid in family if lives(pid)]
        assert left, "the servers are orphans"
        try:
            yield up, left
        finally:
            for pid in left:
                if lives(pid):
                    psutil.Process(pid).kill()
            up.process.send_signal(signal.SIGTERM)
            up.process.wait(60)


def test_down_ends_what_an_up_left_that_was_killed_with_its_reaper(orphaned):
    up, left = orphaned
    answer = up.verb("down", "--json")
    assert json.loads(answer.stdout) == {"stopped": True}
    assert str(left[0]) in answer.stderr
    assert not [pid for pid in left if lives(pid)]
    assert json.loads(up.verb("down", "--json").stdout) == {"stopped": False}


def test_the_next_up_ends_what_is_left_and_takes_over_the_data(orphaned):
    up, left = orphaned
    (up.directory / "run.json").unlink()
    up.process = up.start()
    up.run()
    assert not [pid for pid in left if lives(pid)]
    assert up.verb("database", "status").returncode == 0


def test_a_process_that_only_has_the_number_of_an_orphan_is_left_alone(orphaned):
    up, left = orphaned
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        listed = json.loads((up.directory / "processes.json").read_text())
        (up.directory / "processes.json").write_text(json.dumps([*listed, listed[0] | {"pid": bystander.pid}]))
        up.verb("down")
        assert bystander.poll() is None
        assert not [pid for pid in left if lives(pid)]
    finally:
        bystander.kill()
        bystander.wait()
