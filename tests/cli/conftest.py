"""The command line as people and scripts run it: a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True)
class Answer:
    """What a verb left behind."""

    status: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one JSON value on standard output; anything beside it fails."""
        return json.loads(self.stdout)

    @property
    def error(self) -> dict[str, str]:
        """The refusal that --json printed."""
        assert self.status == 1, self.stdout
        return self.json["error"]


Cli = Callable[..., Answer]


@pytest.fixture
def cli(db: object, redis: object) -> Cli:
    """Runs `python -m cli` with these words against the servers of the test; `environment` adds to its own."""

    def run(*words: object, environment: dict[str, str] | None = None) -> Answer:
        done = subprocess.run(
            [sys.executable, "-m", "cli", *map(str, words)],
            env={**os.environ, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    return run
