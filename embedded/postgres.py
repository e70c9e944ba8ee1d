"""Embedded PostgreSQL: reached over loopback with a password, durable unless a test asks otherwise."""

import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg

from embedded.binaries import MissingServer, major_version, postgres_directory
from embedded.home import give_to_servers, identity, make_private, reachable_program, write_private
from embedded.roles import APPLICATION, give_contents_to_role, give_database_to_role, give_role_its_password
from embedded.server import EmbeddedServer, ServerDied
from models.failures import PASSING_ERRORS

DATABASE = "campaigns"
SUPERUSER = "postgres"

# A failed statement, or the DETAIL of a violated constraint, can contain a phone number: neither is logged.
LOG_SETTINGS = {"log_min_error_statement": "panic", "log_error_verbosity": "terse"}
SIZE_SETTINGS = {"max_connections": "200", "max_wal_size": "2GB", "checkpoint_timeout": "15min", "jit": "off"}
NOT_DURABLE_SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL in a directory; the data outlives restarts and kill -9."""

    name = "postgres"
    stop_signal = signal.SIGINT  # fast shutdown: disconnects clients and writes all data

    def __init__(self, home: Path, *, log: Path, durable: bool = True) -> None:
        super().__init__(home, log=log, durable=durable)
        self.password_file = home / "postgres.password"
        self.application_password_file = home / "application.password"

    def wait_until_ready(self, launch_again: Callable[[], object] | None = None) -> None:
        """Returns when the server answers and the application's role owns our database."""
        super().wait_until_ready(launch_again)
        self._give_to_application()

    @property
    def url(self) -> str:
        """Returns the address for the application, whose role owns the database and is no superuser."""
        return self._url(DATABASE, APPLICATION, self.application_password_file)

    @property
    def superuser_url(self) -> str:
        """Returns the address of the same database for the superuser, for `up` itself and tests."""
        return self._url(DATABASE, SUPERUSER, self.password_file)

    def prepare(self) -> None:
        self._programs()
        if not (self.directory / "PG_VERSION").exists():
            self._create_cluster()
        if not self.application_password_file.exists():
            write_private(self.application_password_file, secrets.token_hex(24))
        self._clear_leftovers()

    def command(self) -> list[str]:
        choices = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            **LOG_SETTINGS,
            **SIZE_SETTINGS,
            **({} if self.durable else NOT_DURABLE_SETTINGS),
        }
        options = [word for key, value in choices.items() for word in ("-c", f"{key}={value}")]
        return [str(self._program("postgres")), "-D", str(self.directory), *options]

    def answers(self) -> bool:
        try:
            psycopg.connect(self._server_url(), connect_timeout=2).close()
        except PASSING_ERRORS:
            return False
        return True

    def _program(self, name: str) -> Path:
        return reachable_program(self._programs() / name)

    def _programs(self) -> Path:
        """Returns the directory of the programs for our data, which only its own major version can read."""
        written_by = self.directory / "PG_VERSION"
        if not written_by.exists():
            return postgres_directory()
        major = int(written_by.read_text())
        try:
            return postgres_directory(major)
        except MissingServer as missing:
            raise MissingServer(
                f"The data in {self.directory} was written by PostgreSQL {major}. {missing} Install PostgreSQL {major} "
                f"beside it (Debian: apt install postgresql-{major}), and `up` uses it for this data; "
                "docs/architecture.md, under Backup, says how to move the data to another version."
            ) from None

    def _server_url(self) -> str:
        return self._url("postgres", SUPERUSER, self.password_file)

    def _url(self, database: str, role: str, password_file: Path) -> str:
        return f"postgresql://{role}:{password_file.read_text()}@127.0.0.1:{self.port}/{database}"

    def _create_cluster(self) -> None:
        # Created under another name and renamed, so that an interrupted initdb never leaves half a cluster.
        home = self.directory.parent
        write_private(self.password_file, secrets.token_hex(24))
        shutil.rmtree(self.directory, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix="postgres-new-", dir=home) as scratch:
            give_to_servers(Path(scratch))
            fresh = make_private(Path(scratch) / "cluster")
            made = subprocess.run(
                self._initdb(fresh), cwd=scratch, capture_output=True, text=True, check=False, **identity()
            )
            if made.returncode != 0:
                raise ServerDied(f"initdb failed\n{made.stderr.strip()}")
            fresh.rename(self.directory)

    def _initdb(self, cluster: Path) -> list[str]:
        return [
            str(self._program("initdb")),
            f"--pgdata={cluster}",
            f"--username={SUPERUSER}",
            f"--pwfile={self.password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            *_locale(major_version(self._programs())),
            *([] if self.durable else ["--no-sync"]),
        ]

    def _give_to_application(self) -> None:
        """Makes the application's role and its database, or gives the role what an earlier release made without it."""
        with psycopg.connect(self._server_url(), autocommit=True) as server:
            give_role_its_password(server, self.application_password_file.read_text())
            give_database_to_role(server, DATABASE)
        with psycopg.connect(self.superuser_url) as connection:
            give_contents_to_role(connection, SUPERUSER)

    def _clear_leftovers(self) -> None:
        """Ends a PostgreSQL that still uses our data, and removes the pid file of one that is gone."""
        lock = self.directory / "postmaster.pid"
        if not lock.exists():
            return
        # PostgreSQL refuses to start if any process has that pid by now, which is common in containers.
        leftover = _postmaster(int(lock.read_text().split()[0]), self.directory)
        if leftover:
            leftover.send_signal(signal.SIGINT)
            leftover.wait(30)
        # The children of a killed server need a moment to notice, and use its shared memory until then.
        psutil.wait_procs([process for process in psutil.process_iter() if _works_in(process, self.directory)], 10)
        lock.unlink(missing_ok=True)


def _postmaster(pid: int, directory: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        return process if str(directory) in process.cmdline() else None
    except psutil.NoSuchProcess:
        return None


def _works_in(process: psutil.Process, directory: Path) -> bool:
    try:
        return bool(process.name().startswith("postgres") and process.cwd() == str(directory))
    except psutil.Error:
        return False


def _locale(major: int) -> list[str]:
    # The built-in provider, new in 17, handles the case of every script in the same way on every system.
    if major >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=en_US.UTF-8" if sys.platform == "darwin" else "--locale=C.UTF-8"]
