"""examples/remind.py schedules a function and runs it at its time."""

import subprocess
import sys
from pathlib import Path

import pytest

from embedded.servers import child_environment
from models.database import row
from tests.factories import an_account

EXAMPLE = Path(__file__).parents[2] / "examples" / "remind.py"


@pytest.mark.processes
@pytest.mark.usefixtures("db")
def test_the_reminder_comes_once_and_the_schedule_is_completed():
    command = [sys.executable, str(EXAMPLE), str(an_account().id)]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "think of the report\n"
    assert row("SELECT status, run_count, job_type FROM schedule") == {
        "status": "completed",
        "run_count": 1,
        "job_type": "reminder.send",
    }
