"""The command line, inside the test and as a separate process."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner
from playhouse.postgres_ext import PooledPsycopg3Database
from structlog.testing import capture_logs

from cli import main
from embedded.servers import child_environment
from tests.servers import TestServers, speak_to


@dataclass(frozen=True)
class Answer:
    """What a verb printed, and its exit status."""

    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """Returns the one JSON value on standard output; fails if there is anything else."""
        return json.loads(self.stdout)

    @property
    def error(self) -> dict[str, str]:
        """Returns the refusal that --json printed."""
        assert self.status == 1, self.stdout
        return self.json["error"]


Cli = Callable[..., Answer]


@pytest.fixture
def cli(db: PooledPsycopg3Database, redis: object, servers: TestServers, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs a verb with these words inside this process, against the servers of the test, which is fast."""
    # Logging is configured for the process, so here log lines go nowhere.
    monkeypatch.setattr("config.logging.start_logging", lambda *_, **__: None)

    def run(*words: object, input: str | None = None) -> Answer:
        db.close()
        with capture_logs():
            done = CliRunner(catch_exceptions=False).invoke(main, [str(word) for word in words], input=input)
        # The verb has configured the database again, with the small pool of a command line.
        speak_to(servers.database_url)
        db.connect()
        return Answer(done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture
def cli_process(db: PooledPsycopg3Database, redis: object) -> Cli:
    """Runs `python -m cli` as people and scripts do; `environment` adds to its own, `typed` is its standard input."""

    def run(*words: object, environment: dict[str, str] | None = None, typed: str = "") -> Answer:
        done = subprocess.run(
            [sys.executable, "-m", "cli", *map(str, words)],
            env=child_environment(**(environment or {})),
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return run
