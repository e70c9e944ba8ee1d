"""A process whose work hangs ends, and says where it hung."""

import subprocess
import sys

import pytest

from dispatch.process.watchdog import EXIT_STATUS, Watchdog
from tests.waiting import wait_until

HANGS = """
import threading
from dispatch.process.watchdog import Watchdog

def waits_for_ever():
    threading.Event().wait()

watchdog = Watchdog(limit_sec=0.1, look_every_sec=0.01)
watchdog.start()
with watchdog.watching("recovery"):
    waits_for_ever()
"""


@pytest.mark.processes
def test_a_process_that_hangs_ends_and_says_where():
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == EXIT_STATUS
    assert "process.hung" in done.stdout + done.stderr
    assert "waits_for_ever" in done.stderr


DIES = """
import threading
from dispatch.process.watchdog import Watchdog

def ends_unasked():
    raise {problem}

watchdog = Watchdog()
watchdog.start()
watchdog.thread(ends_unasked, name="tick").start()
threading.Event().wait()
"""


@pytest.mark.processes
@pytest.mark.parametrize("problem", ["OverflowError", "SystemExit"])
def test_a_process_ends_when_a_thread_of_it_dies_and_says_what_died(problem):
    script = DIES.format(problem=problem)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == EXIT_STATUS
    assert "process.thread_died" in done.stdout + done.stderr
    assert "ends_unasked" in done.stdout + done.stderr


def test_what_comes_round_in_time_is_left_alone():
    watchdog = Watchdog(limit_sec=60, look_every_sec=0.001)
    watchdog.start()
    for _ in range(3):
        with watchdog.watching("tick"):
            wait_until(lambda: watchdog._looks["tick"] > 5, "it is looked at")
        assert watchdog._looks == {}


WAITS_KNOWINGLY = """
import threading
from dispatch.process.watchdog import end_job_limit, extend_job_limit, limit_job

limit_job(3)
for _ in range(10):
    extend_job_limit()
    threading.Event().wait(0.4)
end_job_limit()
extend_job_limit()
threading.Event().wait(0.1)
"""

JOB_HANGS = (
    "import threading; from dispatch.process.watchdog import limit_job; limit_job(0.1); threading.Event().wait()"
)


@pytest.mark.processes
@pytest.mark.parametrize(("script", "status"), [(WAITS_KNOWINGLY, 0), (JOB_HANGS, 1)])
def test_a_job_that_waits_and_knows_it_may_take_longer(script, status):
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == status, done.stderr
