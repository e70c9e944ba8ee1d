"""Started by root, `up` runs web and workers as a user who cannot read root's files, nor those of the servers."""

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from embedded.home import NOBODY
from embedded.product_user import PRODUCT_USER, product_user
from embedded.server import free_port
from tests.embedded.running_up import wait_for_run, without_servers
from tests.servers import server_directory

pytestmark = [pytest.mark.processes, pytest.mark.skipif(os.geteuid() != 0, reason="only root chooses a user")]


def may_read(path):
    command = ["cat", str(path)]
    other = {"user": PRODUCT_USER, "group": PRODUCT_USER, "extra_groups": []}
    return subprocess.run(command, capture_output=True, check=False, **other).returncode == 0


def environment(python, **changes):
    # A Python that was built with a shared library finds it beside its copy.
    library = str(Path(python).parents[1] / "lib")
    return without_servers(PYTHONPATH=sysconfig.get_path("purelib"), LD_LIBRARY_PATH=library, **changes)


@pytest.fixture
def everyones_python():
    """This Python where every user can run it; the tests' own may be in a home directory."""
    if not may_read(Path("pyproject.toml").absolute()):
        pytest.skip("the sources are in a private directory")
    if may_read(sys.executable):
        yield sys.executable
        return
    with server_directory() as directory:
        base = Path(sys.base_prefix)
        library = Path(sysconfig.get_path("stdlib")).relative_to(base)
        for part in (library, Path("bin")):
            without = shutil.ignore_patterns("site-packages", "test", "__pycache__")
            shutil.copytree(base / part, directory / part, symlinks=True, ignore=without)
        for shared in (base / "lib").glob("libpython*"):
            shutil.copy2(shared, directory / "lib" / shared.name)
        yield str(directory / "bin" / f"python3.{sys.version_info.minor}")


def test_web_and_workers_are_another_users_than_root_and_the_servers(everyones_python):
    chosen = environment(everyones_python, WEB_WORKERS="1", SEND_WORKERS="1")
    with server_directory() as directory:
        command = [everyones_python, "-m", "cli", "up", "--port", str(free_port()), "--data", str(directory)]
        with subprocess.Popen(command, env=chosen, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            try:
                run = wait_for_run(directory, process)
                with urlopen(f"{run['web_url']}/health") as answer:
                    assert json.load(answer)["workers"]["status"] == "healthy"
                users = {
                    name: {psutil.Process(pid).uids().effective for pid in pids}
                    for name, pids in run["processes"].items()
                }
                files = [directory / name for name in ("run.json", "job-signing-key", "processes.json", "up.lock")]
                files += [directory / f"{name}.password" for name in ("postgres", "application", "redis")]
                files += [directory / "logs" / "web.log", directory / "redis" / "valkey.conf"]
                assert [file for file in files if not file.exists()] == []
                assert [file for file in files if may_read(file)] == []
            finally:
                process.send_signal(signal.SIGTERM)
                said = process.communicate(timeout=90)[0]
        assert users == {
            "postgres": {NOBODY},
            "redis": {NOBODY},
            **{name: {PRODUCT_USER} for name in ("web", "supervisor", "worker", "sweeper")},
        }, said
        assert process.returncode == 0
        assert b"as root" not in said


@pytest.mark.parametrize("setting", ["DOMAIN_MAPPING_FILE", "BUSINESS_SERVICE_MAP_FILE", "SIMULATOR_ATTEMPTS"])
def test_root_runs_them_itself_and_says_why_when_another_user_cannot_read_what_they_use(
    tmp_path, everyones_python, monkeypatch, setting
):
    private = tmp_path / "private.json"
    private.write_text("{}")
    private.chmod(0o600)
    monkeypatch.setattr(sys, "executable", everyones_python)
    chosen = environment(everyones_python, PORT=str(free_port()))
    assert product_user(chosen).identity == {
        "user": PRODUCT_USER,
        "group": PRODUCT_USER,
        "extra_groups": [],
    }
    user = product_user({**chosen, setting: str(private)})
    assert user.identity == user.environment == {}
    assert "Permission denied" in user.problem


def test_a_port_that_only_root_may_open_is_opened_by_root(everyones_python, monkeypatch):
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 1:
        pytest.skip("every user may open every port here")
    monkeypatch.setattr(sys, "executable", everyones_python)
    assert "Permission denied" in product_user(environment(everyones_python, PORT="1")).problem


def test_a_python_that_another_user_cannot_run_is_run_by_root(tmp_path, monkeypatch):
    private = tmp_path / "bin"
    private.mkdir(mode=0o700)
    (private / "python").symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(private / "python"))
    user = product_user(without_servers())
    assert user.identity == {}
    assert user.problem
