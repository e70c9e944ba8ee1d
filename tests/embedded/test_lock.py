"""The lock of a data directory is its owner's alone."""

import os
import subprocess
from dataclasses import replace
from types import SimpleNamespace

import psutil
import pytest
from click.testing import CliRunner

from cli.down import down
from embedded.lock import holding
from embedded.orphans import orphans, write_leaders
from embedded.run_file import is_running, lock_path, processes_path, running_pid, running_process
from embedded.servers import embedded_servers
from embedded.sessions import Leader, started_at
from embedded.valkey import PID_FILE


@pytest.fixture
def bystander():
    """A process that has nothing to do with any `up`."""
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


def test_no_other_user_can_open_the_lock_and_hold_it(tmp_path):
    lock_path(tmp_path).touch(mode=0o644)  # as an earlier release left it
    with holding(tmp_path):
        assert oct(lock_path(tmp_path).stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize(
    "written",
    ["{pid}", "{pid} 0.0", "{pid} {since} x", "", "x", "-1 {since}", "0 {since}", "99999999999999999999 {since}",
     "{pid} nan"],
)  # fmt: skip
def test_down_leaves_a_process_alone_that_only_has_the_number_in_the_lock(tmp_path, written, bystander):
    with holding(tmp_path):
        lock_path(tmp_path).write_text(written.format(pid=bystander.pid, since=started_at(bystander.pid)))
        assert running_process(tmp_path) is None
        assert not is_running(tmp_path)
        assert '"stopped": false' in CliRunner().invoke(down, ["--data", str(tmp_path), "--json"]).stdout
    assert bystander.poll() is None


def test_a_lock_names_processes_of_its_owner_only(tmp_path, bystander, monkeypatch):
    with holding(tmp_path):
        lock_path(tmp_path).write_text(f"{bystander.pid} {started_at(bystander.pid)}")
        assert running_process(tmp_path).pid == bystander.pid
        # Changing the owner takes root, which tests need not be.
        monkeypatch.setattr(psutil.Process, "uids", lambda process: SimpleNamespace(effective=os.geteuid() + 1))
        assert running_process(tmp_path) is None


def test_the_lock_names_its_holder_until_it_is_free(tmp_path):
    with holding(tmp_path):
        assert running_pid(tmp_path) == os.getpid()
    assert running_pid(tmp_path) is None


def test_the_list_of_orphans_is_private_and_another_user_can_write_none(tmp_path, bystander, monkeypatch):
    leader = Leader(bystander.pid, stage=1, signal=15, grace_sec=1, started_at=started_at(bystander.pid))
    write_leaders(tmp_path, [leader, replace(leader, started_at=None), replace(leader, started_at=1.0)])
    assert oct(processes_path(tmp_path).stat().st_mode & 0o777) == "0o600"
    assert orphans(tmp_path) == [leader]
    someone = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: someone)
    assert orphans(tmp_path) == []


def test_a_server_that_only_has_the_number_in_the_pid_file_is_left_alone(tmp_path):
    valkey = embedded_servers(tmp_path / "mine", durable=False, postgres=False).redis
    other = embedded_servers(tmp_path / "other", durable=False, postgres=False).redis
    try:
        other.start()
        (tmp_path / "mine" / "redis").mkdir(parents=True)
        (tmp_path / "mine" / "redis" / PID_FILE).write_text(str(other.process.pid))
        valkey.start()
        assert other.answers()
    finally:
        valkey.stop()
        other.stop()
