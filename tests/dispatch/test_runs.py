"""A run in place, beside another process that works on the same campaign."""

import os
import socket

import pytest
from structlog.testing import capture_logs

from config.stopping import Stopping
from dispatch.process.lock import campaign_lock
from dispatch.queues import connection
from dispatch.runs.in_place import run_in_place
from dispatch.runs.push import push_due
from dispatch.start.enqueue import enqueue_campaign
from tests.factories import a_campaign, an_account, asking
from tests.stored import campaign_row, states

pytestmark = pytest.mark.usefixtures("db", "redis")


def lock_holder() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"


@pytest.fixture(autouse=True)
def _accepts_everything(configure):
    configure(SIMULATOR_FAILURE_RATE=0)


def test_a_campaign_that_another_process_is_about_to_start_is_waited_for():
    campaign = a_campaign(an_account(), recipients=3, due=True)
    lock = campaign_lock(connection(), campaign.id, seconds=60)
    assert lock.acquire()
    seen = []

    def look(campaigns):
        seen.extend(each.status for each in campaigns)
        # The other process dies at the second look, without having started it.
        if len(seen) == 2:
            lock.release()

    report = run_in_place(asking(), look=look)
    assert (report.errors, seen[:2]) == ([], ["scheduled", "scheduled"])
    assert campaign_row(campaign.id)["status"] == "completed"


def test_a_run_that_is_stopped_while_it_waits_says_for_whose_lock(monkeypatch):
    campaign = a_campaign(an_account(), recipients=3, due=True)
    lock = campaign_lock(connection(), campaign.id, seconds=60)
    assert lock.acquire()
    stop = Stopping()
    monkeypatch.setattr("dispatch.runs.in_place.stopping", lambda: stop)
    looks = []

    def look(campaigns):
        looks.append(campaigns)
        if len(looks) == 3:
            stop.ask()

    with capture_logs() as logged:
        report = run_in_place(asking(), look=look)
    lock.release()
    assert [(each.campaign_id, each.holder) for each in report.locked] == [(campaign.id, lock_holder())]
    assert [(error.campaign_id, error.message) for error in report.errors] == [
        (campaign.id, "The campaign is scheduled.")
    ]
    assert [line["event"] for line in logged].count("sweep.campaign_locked") == 1, "said once, however often it looks"


def test_a_job_is_pushed_also_for_what_another_process_is_starting_which_may_be_dead():
    ours, theirs = (a_campaign(an_account(), recipients=1, due=True) for _ in range(2))
    lock = campaign_lock(connection(), theirs.id, seconds=60)
    lock.acquire()
    report = push_due(asking())
    lock.release()
    assert [each.campaign_id for each in report.campaigns] == [ours.id, theirs.id]
    assert [(each.campaign_id, each.holder) for each in report.locked] == [(theirs.id, lock_holder())]


def test_a_campaign_that_was_started_by_another_process_is_finished():
    campaign = a_campaign(an_account(), recipients=3)
    enqueue_campaign(asking(), campaign.id)
    report = run_in_place(asking())
    assert [(each.campaign_id, each.status) for each in report.campaigns] == [(campaign.id, "completed")]
    assert states(campaign.id) == {"sent": 3}


def test_one_campaign_that_cannot_start_is_an_error_and_the_next_is_sent():
    poor, rich = an_account(credits=1), an_account()
    first, second = a_campaign(poor, recipients=2, due=True), a_campaign(rich, recipients=2, due=True)
    report = run_in_place(asking())
    assert [(error.campaign_id, error.error) for error in report.errors] == [(first.id, "INSUFFICIENT_CREDITS")]
    assert (report.processed, [each.campaign_id for each in report.campaigns]) == (2, [second.id])
    assert campaign_row(second.id)["status"] == "completed"


def test_a_run_for_an_account_leaves_the_others():
    ours, theirs = an_account(), an_account()
    mine, other = a_campaign(ours, recipients=1, due=True), a_campaign(theirs, recipients=1, due=True)
    assert [each.campaign_id for each in push_due(asking(ours.id)).campaigns] == [mine.id]
    run_in_place(asking(ours.id))
    assert [campaign_row(each.id)["status"] for each in (mine, other)] == ["completed", "scheduled"]
