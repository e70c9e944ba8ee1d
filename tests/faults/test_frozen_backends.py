"""PostgreSQL's backends stop answering while their connections stay open, as on a host whose disk hangs."""

import pytest

from models.database import rows
from models.heartbeat import Heartbeat
from tests.factories import a_campaign, an_account
from tests.faults.campaigns import counts, judge, start, wait_until_completed, wait_until_sent
from tests.faults.outages import idle_backends_frozen
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

APPLICATIONS = {"worker-send", "worker-house", "worker-prepare", "sweeper"}


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
    with idle_backends_frozen(APPLICATIONS):
        wait_until_completed(campaign)
        wait_until(lambda: fresh() == every, "all processes have connected again")
        due = a_campaign(an_account(credits=10, name="Another"), recipients=10, due=True)
        wait_until_completed(due)
    wait_until(lambda: not counts(campaign)["unknown"], "every answer is recorded")
    judge(deployment, campaign)
    assert {beat.kind for beat in Heartbeat.living()} == {"worker", "sweeper"}
