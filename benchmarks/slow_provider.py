"""A provider over HTTP that takes 50 ms: the simulator, in a process of its own, with its durable log."""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.deployment import ROOT
from embedded.home import SHARED
from embedded.servers import child_environment

LATENCY_MS = 50


@contextmanager
def slow_provider(*, phones: str = "") -> Iterator[str]:
    """Runs the simulator until the end of the block and yields its address; `phones` says which receipts it posts."""
    with tempfile.TemporaryDirectory(prefix="campaign-dispatch-provider-", dir=SHARED) as directory:
        options = ("--port", "0", "--latency-ms", str(LATENCY_MS), "--failure-rate", "0", "--phones", phones, "--json")
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "simulator", *options, "--log", str(Path(directory) / "accepted.jsonl")],
            env=child_environment(PYTHONPATH=str(ROOT)),
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
