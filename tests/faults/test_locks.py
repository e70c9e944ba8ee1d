"""Processes that are killed or frozen with a lock in Redis: others go on after a lease, and nothing starts twice."""

import os
import signal

import pytest

from dispatch.process.lock import LEASE_SEC
from dispatch.queues import HOUSE, PREPARE, connection
from dispatch.runs.push import push_due
from dispatch.start.sweep import sweep_due
from models.database import row, rows
from sweeper.sweep import OVERLAP_KEY
from tests.factories import a_campaign, an_account, asking
from tests.faults.campaigns import judge, judge_each, row_of
from tests.faults.freezing import thaw
from tests.faults.outages import starts_stall
from tests.processes import end_by_force, running
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

# Bounds and no measurements: the sweep interval, a lease, and time to start a process on a busy machine. It was 60 s
# for every campaign and 600 s for the one in hand.
SOON_SEC = 1 + LEASE_SEC + 25


def waits_in_the_middle_of_a_start(campaign) -> bool:
    """Whether a process holds the campaign's lock and waits for the table."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%customer_import%%'"
    return bool(connection().exists(f"campaign:enqueue:{campaign.id}")) and row(waiting) is not None


def wait_until_started(campaign) -> None:
    wait_until(lambda: row_of(campaign).status != "scheduled", "the campaign is started", seconds=SOON_SEC)


def test_a_house_worker_is_killed_in_mid_sweep(deployment):
    campaigns = [a_campaign(an_account(credits=10), recipients=10, due=True) for _ in range(5)]
    rows("UPDATE campaign SET scheduled_at = now() - make_interval(secs => 10 - id)")
    first = campaigns[0]
    deployment.start()
    with starts_stall():
        wait_until(lambda: waits_in_the_middle_of_a_start(first), "a sweep is in the middle")
        assert connection().exists(OVERLAP_KEY)
        [victim] = deployment.workers(HOUSE)
        end_by_force(victim)
    # The campaign in hand is skipped until the lease ends, and everyone is told for whom.
    assert connection().exists(f"campaign:enqueue:{first.id}")
    [locked] = sweep_due(asking(first.account_id)).locked
    assert locked.campaign_id == first.id
    assert locked.holder.startswith(f"process {victim} on ")
    for campaign in campaigns:
        wait_until_started(campaign)
    judge_each(deployment, campaigns)


def test_what_a_sweep_skips_because_of_the_one_that_was_killed_is_logged_with_its_holder(deployment):
    campaign = a_campaign(an_account(credits=10), recipients=10, due=True)
    deployment.start()
    with starts_stall():
        wait_until(lambda: waits_in_the_middle_of_a_start(campaign), "a sweep is in the middle")
        [victim] = deployment.workers(HOUSE)
        end_by_force(victim)

    def skipped() -> list[str]:
        return [line for line in deployment.supervisor.log.splitlines() if '"sweep.skipped"' in line]

    line = wait_until(skipped, "the next sweep is skipped")[0]
    assert f'"holder": "process {victim} on ' in line
    assert '"since": "20' in line
    judge(deployment, campaign)


def test_a_house_worker_that_was_frozen_in_mid_sweep_starts_nothing_twice_when_it_wakes(deployment):
    # Enough for two, so that only the claim keeps the second start from paying and sending.
    campaign = a_campaign(an_account(credits=100), recipients=50, due=True)
    deployment.start()
    with starts_stall():
        wait_until(lambda: waits_in_the_middle_of_a_start(campaign), "a sweep is in the middle")
        [frozen] = deployment.workers(HOUSE)
        os.kill(frozen, signal.SIGSTOP)
    wait_until(lambda: sweep_due(asking()).campaigns, "another process starts it after the lease", seconds=SOON_SEC)
    thaw(frozen)
    wait_until(lambda: "sweep.campaign_gone" in deployment.supervisor.log, "the frozen one comes too late")
    assert judge(deployment, campaign) == {"sent": 50}
    assert row("SELECT count(*) AS holds FROM credit_entry WHERE kind = 'hold'") == {"holds": 1}
    assert not connection().keys("campaign:enqueue:*")


def test_a_prepare_worker_is_killed_while_it_starts_a_campaign_of_run_due(deployment, configure):
    configure(SCHEDULE_SWEEP_INTERVAL_MS=3_600_000)  # only run-due starts anything
    deployment.start()
    wait_until(lambda: '"sweep.finished"' in deployment.supervisor.log, "the first sweep has found nothing")
    wait_until(lambda: deployment.workers(PREPARE), "there is a worker")
    campaign = a_campaign(an_account(credits=10), recipients=10, due=True)
    with starts_stall():
        push_due(asking())
        wait_until(lambda: waits_in_the_middle_of_a_start(campaign), "a job is in the middle")
        [victim] = deployment.workers(PREPARE)
        end_by_force(victim)
    report = push_due(asking())
    assert [each.holder.split(" on ")[0] for each in report.locked] == [f"process {victim}"]
    assert [each.campaign_id for each in report.campaigns] == [campaign.id]
    # No other run has to come: the job waits for the lock of the dead.
    wait_until_started(campaign)
    judge(deployment, campaign)


def test_a_run_in_place_is_killed_and_the_next_one_waits_for_its_lock_and_not_longer(deployment, tmp_path):
    campaign = a_campaign(an_account(credits=10), recipients=10, due=True)
    command = ("cli", "run-due", "--once", "--json")
    with running(*command, log=tmp_path / "first.log") as first, starts_stall():
        wait_until(lambda: waits_in_the_middle_of_a_start(campaign), "it is in the middle of a start")
        first.kill()
    with running(*command, log=tmp_path / "second.log") as second:
        assert second.wait(seconds=SOON_SEC) == 0, second.log
    assert second.log.count("sweep.campaign_locked") <= 1
    judge(deployment, campaign)
