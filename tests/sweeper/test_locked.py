"""What a sweep skips because another process holds a lock, and what it says about that."""

import os
import socket
import threading
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from dispatch.process.lock import Lock, campaign_lock
from dispatch.start.sweep import start_if_due, sweep_due
from embedded.server import free_port
from models.campaigns.campaign import Campaign
from models.database import db
from models.tenancy import ALL_ACCOUNTS
from sweeper.sweep import OVERLAP_KEY, sweep
from tests.factories import a_campaign, an_account, asking
from tests.stored import campaign_row
from tests.sweeper.conftest import in_a_job, reread

pytestmark = pytest.mark.usefixtures("db", "redis", "configured")

OURS = f"process {os.getpid()} on {socket.gethostname()}"


def status_of(campaign):
    return campaign_row(campaign.id)["status"]


def test_a_campaign_that_another_process_is_starting_is_left_alone(redis):
    campaign = a_campaign(an_account(), recipients=1, due=True)
    theirs = campaign_lock(redis, campaign.id, seconds=60)
    theirs.acquire()
    report = sweep_due(asking())
    assert (report.processed_count, report.campaigns, report.errors) == (0, [], [])
    [locked] = report.locked
    assert (locked.campaign_id, locked.organization_id, locked.name) == (
        campaign.id,
        campaign.account_id,
        campaign.name,
    )
    assert locked.holder == OURS
    assert abs(datetime.now(UTC) - locked.since) < timedelta(minutes=1)
    theirs.release()
    assert [each.campaign_id for each in sweep_due(asking()).campaigns] == [campaign.id]


def test_the_job_does_not_overlap_with_itself_and_releases_its_lock(redis):
    campaign = a_campaign(an_account(), recipients=1, due=True)
    redis.set(OVERLAP_KEY, "another sweep", ex=5)
    with capture_logs() as logged:
        in_a_job(sweep)
    assert logged == [{"event": "sweep.skipped", "log_level": "info", "holder": None, "since": None}]
    assert status_of(campaign) == "scheduled"
    redis.delete(OVERLAP_KEY)
    in_a_job(sweep)
    assert status_of(campaign) == "sending"
    assert not redis.exists(OVERLAP_KEY)


def test_a_skipped_sweep_says_whose_sweep_it_left_alone(redis):
    running = Lock(redis, OVERLAP_KEY, seconds=60)
    running.acquire()
    with capture_logs() as logged:
        in_a_job(sweep)
    running.release()
    [line] = logged
    assert (line["event"], line["holder"]) == ("sweep.skipped", OURS)
    assert datetime.fromisoformat(line["since"]).tzinfo


def test_a_campaign_is_an_error_and_not_forgotten_when_redis_cannot_say_whether_it_is_locked(redis, monkeypatch):
    campaign = a_campaign(an_account(), recipients=1, due=True)
    monkeypatch.setenv("REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    reread()
    [refused] = sweep_due(asking()).errors
    assert (refused.campaign_id, refused.error) == (campaign.id, "QUEUE_UNAVAILABLE")
    assert Campaign.find(campaign.id, ALL_ACCOUNTS).next_check_at is None, (
        "it is not set aside for what is not its fault"
    )


def test_a_job_that_meets_the_lock_of_another_process_waits_for_it(redis):
    campaign = a_campaign(an_account(), recipients=1, due=True)
    theirs = campaign_lock(redis, campaign.id, seconds=60)
    theirs.acquire()
    job = threading.Thread(target=lambda: in_a_connection(start_if_due, asking(), campaign.id))
    job.start()
    assert status_of(campaign) == "scheduled"
    theirs.release()
    job.join()
    assert status_of(campaign) == "sending"


def test_a_job_waits_for_a_lock_no_longer_than_for_a_lease_and_says_whose_it_is(redis, monkeypatch):
    monkeypatch.setattr("dispatch.start.sweep.LEASE_SEC", 0)
    campaign = a_campaign(an_account(), recipients=1, due=True)
    theirs = campaign_lock(redis, campaign.id, seconds=60)
    theirs.acquire()
    with capture_logs() as logged:
        start_if_due(asking(), campaign.id)
    theirs.release()
    assert [(line["event"], line["campaign_id"]) for line in logged] == [("sweep.campaign_locked", campaign.id)]
    assert status_of(campaign) == "scheduled"


def test_keys_without_an_end_stop_neither_the_sweep_nor_a_campaign(redis):
    campaign = a_campaign(an_account(), recipients=1, due=True)
    redis.set(OVERLAP_KEY, "x")
    redis.set(f"campaign:enqueue:{campaign.id}", "x")
    in_a_job(sweep)
    assert status_of(campaign) == "sending"


def in_a_connection(function, *arguments):
    with db.connection_context():
        function(*arguments)
