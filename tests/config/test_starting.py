"""What a process loads when it starts."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("entry", ["api.app", "jobs.__main__", "jobs.worker", "sweeper.__main__", "cli.campaign"])
def test_a_process_loads_what_calls_providers_only_when_it_calls_one(entry):
    code = f"import sys, {entry}; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
