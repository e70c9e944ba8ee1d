"""`up` as other programs see it: run.json, one `up` per directory, restarts, and nothing left behind."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from itertools import chain
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from config.settings import MIN_SIGNING_KEY
from embedded.server import free_port
from tests.embedded.running_up import all_of, cli, lives, reaper_of, running_up, wait_for_run, without_servers
from tests.servers import server_directory
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

# Runs the command line, with a port that the first server is to choose.
UP_WITH_FIRST_PORT = """
import sys
from embedded import server
later, first = server.free_port, [int(sys.argv[1])]
server.free_port = lambda: first.pop() if first else later()
from cli import main
main(sys.argv[2:])
"""


@pytest.fixture
def up():
    with server_directory() as directory:
        with running_up(directory) as up:
            yield up
        wait_until(lambda: not (directory / "run.json").exists(), "run.json is removed")


def test_it_goes_on_with_another_port_when_someone_has_taken_the_one_that_it_chose():
    with server_directory() as directory, socket.create_server(("127.0.0.1", free_port())) as listening:
        taken = listening.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-c", UP_WITH_FIRST_PORT, str(taken), "up", "--only", "servers", "--data", str(directory)],
            env=without_servers(),
        )
        try:
            run = wait_for_run(directory, process)
            assert all(f":{taken}/" not in run[address] for address in ("database_url", "redis_url"))
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0


def test_another_verb_finds_the_servers_and_the_schema_is_there(up):
    answer = up.verb("database", "status", "--json")
    assert answer.returncode == 0
    assert all(step["applied_at"] for step in json.loads(answer.stdout))


def test_run_json_holds_passwords_and_only_its_owner_can_read_it(up):
    assert stat.S_IMODE((up.directory / "run.json").stat().st_mode) == 0o600
    assert set(up.run()["processes"]) == {"postgres", "redis"}


def test_its_jobs_are_signed_with_a_key_of_its_own_that_only_its_owner_can_read(up):
    key = up.directory / "job-signing-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_text()) >= MIN_SIGNING_KEY
    assert up.run()["job_signing_key"] == key.read_text()


def test_credentials_are_sealed_with_a_key_of_its_own_that_only_its_owner_can_read(up):
    key = up.directory / "provider-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert up.run()["provider_key"] == key.read_text() != up.run()["job_signing_key"]


def test_a_second_up_in_the_same_directory_is_refused(up):
    second = up.verb("up", "--only", "servers")
    assert second.returncode == 1
    assert f"as process {up.process.pid}" in second.stderr
    assert up.verb("database", "status").returncode == 0


def test_down_ends_everything_and_removes_run_json(up):
    family = all_of(up.process.pid)
    answer = up.verb("down", "--json")
    assert json.loads(answer.stdout) == {"stopped": True}
    assert up.process.wait(10) == 0
    assert not [pid for pid in family if lives(pid)]
    assert not (up.directory / "run.json").exists()


def test_kill_9_of_up_leaves_no_process_and_the_next_up_waits_for_that(up):
    family = all_of(up.process.pid)
    before = up.run()
    up.process.kill()
    up.process.wait()
    up.process = up.start()
    wait_until(lambda: (up.directory / "run.json").exists() and up.run() != before, "a new run.json")
    assert not [pid for pid in family if lives(pid)]
    assert up.verb("database", "status").returncode == 0


def test_a_verb_does_not_trust_the_run_json_of_an_up_that_is_gone(up):
    left_behind = (up.directory / "run.json").read_bytes()
    up.verb("down")
    (up.directory / "run.json").write_bytes(left_behind)
    answer = up.verb("database", "status", "--json")
    (up.directory / "run.json").unlink()
    assert answer.returncode == 1
    assert json.loads(answer.stdout)["error"]["code"] == "NO_SERVERS"


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_a_killed_server_comes_back_at_the_same_address(up, name):
    before = up.run()
    os.kill(before["processes"][name][0], signal.SIGKILL)
    wait_until(lambda: up.run()["processes"].get(name) not in (None, before["processes"][name]), f"a new {name}")
    after = up.run()
    assert (after["database_url"], after["redis_url"]) == (before["database_url"], before["redis_url"])
    wait_until(lambda: up.verb("database", "status").returncode == 0, "the database answers again")


def test_a_killed_reaper_is_replaced_and_watches_the_same_processes(up):
    family = all_of(up.process.pid)
    reaper = reaper_of(up)
    reaper.kill()
    wait_until(lambda: reaper_of(up) not in (None, reaper), "a new reaper")
    up.process.kill()
    wait_until(lambda: not [pid for pid in family if lives(pid)], "no process is left")


def test_the_whole_product_is_named_in_run_json_and_comes_back_process_by_process():
    with server_directory() as directory:
        command = cli("up", "--port", str(free_port()), "--data", str(directory))
        with subprocess.Popen(command, env=without_servers()) as process:
            try:
                before = wait_for_run(directory, process)
                assert set(before["processes"]) == {"postgres", "redis", "web", "supervisor", "worker", "sweeper"}
                assert listening(before["processes"]["web"][0]) == {"127.0.0.1"}
                with urlopen(f"{before['web_url']}/health/live") as answer:
                    assert answer.status == 200
                killed = {pids[0] for pids in before["processes"].values()}
                for pid in killed:
                    os.kill(pid, signal.SIGKILL)
                wait_until(lambda: is_whole_again(directory, before, killed), "every process is back", seconds=120)
                family = all_of(process.pid)
            finally:
                process.send_signal(signal.SIGTERM)
        assert process.returncode == 0
        assert not [pid for pid in family if lives(pid)]


def listening(pid: int) -> set[str]:
    listeners = [each for each in psutil.Process(pid).net_connections() if each.status == psutil.CONN_LISTEN]
    return {each.laddr.ip for each in listeners}


def is_whole_again(directory: Path, before: dict, killed: set[int]) -> bool:
    now = json.loads((directory / "run.json").read_text())["processes"]
    # There may be more than before: `up` is ready when each queue has a worker, and not only when each worker is there.
    enough = all(len(now.get(name, [])) >= len(pids) for name, pids in before["processes"].items())
    return enough and not killed & set(chain(*now.values()))
