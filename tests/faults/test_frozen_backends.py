"""PostgreSQL's backends stop answering while their connections stay open, as on a host whose disk hangs."""

import pytest

from models.database import rows
from models.heartbeat import Heartbeat
from tests.factories import a_campaign, a_key, an_account
from tests.faults.campaigns import counts, judge, start, wait_until_completed, wait_until_sent
from tests.faults.outages import idle_backends_frozen
from tests.waiting import wait_until
from tests.web import head, read_answer, running_web

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


def test_web_is_live_while_a_request_waits_for_a_frozen_backend_and_the_request_is_answered(
    deployment, configure, tmp_path
):
    configure(DATABASE_TIMEOUT_SEC=2)
    key = a_key(an_account())
    with running_web(tmp_path) as web:
        assert web.ask("GET", "/api/campaigns", key=key).status == 200
        with idle_backends_frozen({"web"}), web.connect() as line:
            line.sendall(head("GET", "/api/campaigns", key=key))
            assert web.lives()
            # A lookup that may be repeated is made again on another connection; anything else is refused for now.
            assert read_answer(line).status in (200, 503)
            wait_until(lambda: web.ask("GET", "/api/campaigns", key=key).status == 200, "it has connected again")
