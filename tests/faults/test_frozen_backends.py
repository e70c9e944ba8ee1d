"""PostgreSQL's backends stop answering while their connections stay open, as on a host whose disk hangs."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from models.database import rows
from models.heartbeat import Heartbeat
from tests.factories import a_campaign, an_account
from tests.faults.campaigns import counts, judge, start, wait_until_completed, wait_until_sent
from tests.faults.freezing import thaw
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

# The backends of the deployment, not of the test; one in a transaction would keep its locks while it is frozen.
_IDLE = """
SELECT pid, application_name FROM pg_stat_activity
WHERE application_name LIKE 'campaign-dispatch %%' AND application_name NOT LIKE '%% tests' AND state = 'idle'
"""
APPLICATIONS = {"worker-send", "worker-house", "worker-prepare", "sweeper"}


@contextmanager
def every_idle_backend_frozen() -> Iterator[None]:
    """Freezes connections of every process, each between two of its statements, until the end of the block."""
    frozen: dict[int, str] = {}

    def freeze_more() -> bool:
        for found in rows(_IDLE):
            pid = found["pid"]
            os.kill(pid, signal.SIGSTOP)
            frozen[pid] = found["application_name"].removeprefix("campaign-dispatch ")
            if not rows(f"{_IDLE} AND pid = %s", [pid]):  # it began a transaction in between
                thaw(pid)
                del frozen[pid]
        return set(frozen.values()) == APPLICATIONS

    try:
        wait_until(freeze_more, "each process has a frozen backend")
        yield
    finally:
        for pid in frozen:
            with suppress(ProcessLookupError):
                thaw(pid)


def fresh() -> set[str]:
    """The processes that have written a heartbeat within the last six seconds."""
    found = rows("SELECT kind, queue FROM heartbeat WHERE beat_at > now() - interval '6 seconds'")
    return {row["queue"] or row["kind"] for row in found}


def test_no_process_waits_for_a_backend_that_is_frozen(deployment, configure):
    configure(DATABASE_TIMEOUT_SEC=2)
    campaign = a_campaign(an_account(credits=1000), recipients=1000)
    start(campaign)
    deployment.start()
    every = {"send", "house", "prepare", "sweeper"}
    wait_until(lambda: fresh() == every, "all processes are alive")
    wait_until_sent(campaign, 100)
    with every_idle_backend_frozen():
        wait_until_completed(campaign)
        wait_until(lambda: fresh() == every, "all processes have connected again")
        due = a_campaign(an_account(credits=10, name="Another"), recipients=10, due=True)
        wait_until_completed(due)
    wait_until(lambda: not counts(campaign)["unknown"], "every answer is recorded")
    judge(deployment, campaign)
    assert {beat.kind for beat in Heartbeat.living()} == {"worker", "sweeper"}
