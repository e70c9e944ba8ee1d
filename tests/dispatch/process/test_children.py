"""Child processes are restarted when they end, more slowly while they keep failing, and none outlives its parent."""

import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial

import pytest

from dispatch.process.children import (
    FIRST_DELAY_SEC,
    HEALTHY_AFTER_SEC,
    LONGEST_DELAY_SEC,
    Backoff,
    Child,
    Children,
    end,
)
from tests.waiting import wait_until

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)",
]


@pytest.fixture
def children():
    found = Children(grace_sec=15)
    yield found
    found.end()


def test_the_delay_doubles_up_to_a_limit_while_a_child_ends_early():
    backoff = Backoff()
    delays = [backoff.next_delay(ran_sec=0.0) for _ in range(10)]
    assert delays[:3] == [FIRST_DELAY_SEC, 2 * FIRST_DELAY_SEC, 4 * FIRST_DELAY_SEC]
    assert delays[-1] == LONGEST_DELAY_SEC


def test_a_healthy_run_resets_the_delay():
    backoff = Backoff()
    for _ in range(10):
        backoff.next_delay(ran_sec=0.0)
    assert backoff.next_delay(ran_sec=HEALTHY_AFTER_SEC + 1) == 0.0
    assert backoff.next_delay(ran_sec=0.0) == FIRST_DELAY_SEC


def test_a_killed_child_is_restarted(children):
    child = children.start("sleeper", partial(subprocess.Popen, SLEEPER))
    killed = child.process
    assert killed
    killed.kill()
    killed.wait()
    wait_until(restarting(children, child), "it runs again")
    assert child.process is not killed


def test_a_child_that_cannot_be_restarted_now_is_tried_again(children):
    launches = iter([SLEEPER, ["/no/such/program"], SLEEPER])
    child = children.start("sleeper", lambda: subprocess.Popen(next(launches)))
    assert child.process
    child.process.kill()
    child.process.wait()
    wait_until(restarting(children, child), "it runs again")
    assert next(launches, None) is None


def test_a_child_that_does_not_stop_when_asked_is_killed():
    stubborn = subprocess.Popen(STUBBORN, stdout=subprocess.PIPE)
    assert stubborn.stdout
    stubborn.stdout.readline()  # it ignores SIGTERM from now on
    obedient = subprocess.Popen(SLEEPER)
    end([stubborn, obedient], grace_sec=0.2)
    assert (stubborn.returncode, obedient.returncode) == (-signal.SIGKILL, -signal.SIGTERM)
    stubborn.stdout.close()


def restarting(children: Children, child: Child) -> Callable[[], bool]:
    """Checks the children once and returns whether this one runs."""

    def check() -> bool:
        children.restart_ended()
        return child.process is not None and child.process.poll() is None

    return check
