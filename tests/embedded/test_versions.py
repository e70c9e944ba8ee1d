"""A data directory belongs to the major version of PostgreSQL that made it."""

import json
import subprocess

import psycopg
import pytest

from embedded import postgres
from embedded.binaries import MissingServer, major_version, postgres_directory
from embedded.servers import embedded_servers
from tests.embedded.running_up import cli, without_servers
from tests.servers import server_directory


@pytest.fixture
def directory():
    with server_directory() as found:
        yield found


def other_majors():
    newest = major_version(postgres_directory())
    for major in range(newest - 5, newest):
        try:
            yield postgres_directory(major)
        except MissingServer:
            continue


def test_up_on_data_of_a_version_that_is_not_here_names_both_and_the_way_on_and_changes_nothing(directory):
    (directory / "postgres").mkdir()
    (directory / "postgres" / "PG_VERSION").write_text("9\n")
    command = cli("up", "--only", "servers", "--data", str(directory), "--json")
    ended = subprocess.run(command, env=without_servers(), capture_output=True, text=True, check=False)
    error = json.loads(ended.stdout)["error"]
    assert (ended.returncode, error["code"]) == (1, "SERVER_UNAVAILABLE")
    for words in ("was written by PostgreSQL 9", f"which has {major_version(postgres_directory())}", "install", "move"):
        assert words in error["message"]
    assert [path.name for path in (directory / "postgres").iterdir()] == ["PG_VERSION"]


def test_data_of_an_older_version_is_served_by_that_version_if_it_is_here(directory, monkeypatch):
    older = next(other_majors(), None)
    if older is None:
        pytest.skip("this machine has one version of PostgreSQL")
    with monkeypatch.context() as then:
        then.setattr(postgres, "postgres_directory", lambda major=None: older)
        before = embedded_servers(directory, durable=False, redis=False)
        before.start()
        before.stop()
    now = embedded_servers(directory, durable=False, redis=False)
    now.start()
    try:
        with psycopg.connect(now.postgres.url) as connection:
            assert connection.info.server_version // 10_000 == major_version(older)
    finally:
        now.stop()
