"""`python -m sweeper` as a process."""

from datetime import UTC, datetime

import pytest
from rq import Queue

from dispatch.queues import HOUSE
from embedded.server import free_port
from models.campaigns.campaign import Campaign
from models.database import rows
from models.heartbeat import Heartbeat
from models.tenancy import ALL_ACCOUNTS
from tests.dispatch.variants.comparing import decisions, fall_due, sent, waiting
from tests.factories import a_campaign, an_account, arrange_state, customers
from tests.processes import running
from tests.recurring import a_pattern, occurrences_of
from tests.stored import campaigns
from tests.waiting import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("db", "redis")]


def test_a_sweeper_books_the_sweep_writes_a_heartbeat_and_stops_when_asked(redis, tmp_path):
    with running("sweeper", log=tmp_path / "log") as sweeper:
        wait_until(lambda: Queue(HOUSE, connection=redis).job_ids, "a sweep is queued")
        [alive] = wait_until(Heartbeat.living, "it writes a heartbeat")
        assert (alive.kind, alive.pid) == ("sweeper", sweeper.pid)
        assert sweeper.stop() == 0, sweeper.log
    assert Heartbeat.living() == []


def test_a_sweeper_finds_lost_work_while_redis_is_away(tmp_path):
    campaign = a_campaign(an_account(), recipients=1, due=True)
    arrange_state(campaign.id, "sending", started_at=datetime.now(UTC), claim_epoch=1)
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    with running("sweeper", log=tmp_path / "log", REDIS_URL=nowhere, RECOVER_INTERVAL_MS="200") as sweeper:
        wait_until(
            lambda: Campaign.find(campaign.id, ALL_ACCOUNTS).status == "completed",
            "recovery closes a campaign that has nothing left to send",
        )
        wait_until(lambda: "scheduler.lost_redis" in sweeper.log, "the scheduler notices that Redis is away")
        assert sweeper.stop() == 0, sweeper.log


def test_two_sweepers_send_the_winner_of_each_campaign_once(tmp_path):
    made = [sent(an_account()).id for _ in range(4)]
    with (
        running("sweeper", log=tmp_path / "one") as one,
        running("sweeper", log=tmp_path / "other") as other,
    ):
        wait_until(lambda: len(Heartbeat.living()) == 2, "both are there")
        for campaign_id in made:
            fall_due(campaign_id)
        wait_until(lambda: waiting() == [], "each has sent its winner")
        assert (one.stop(), other.stop()) == (0, 0)
    assert sorted(each["campaign_id"] for each in decisions()) == made
    assert sorted(each["parent_id"] for each in campaigns() if each["kind"] == "retry") == made


def test_a_sweeper_starts_the_occurrences_of_recurring_campaigns(tmp_path):
    account = an_account()
    customers(account, 2)
    pattern = a_pattern(account)
    rows("UPDATE schedule SET next_run_at = date_trunc('minute', now())")
    with running("sweeper", log=tmp_path / "log", SCHEDULE_TICK_INTERVAL_MS="100") as sweeper:
        wait_until(
            lambda: [each.status for each in occurrences_of(pattern.id)] == ["sending"], "an occurrence is started"
        )
        assert sweeper.stop() == 0, sweeper.log


def test_a_failed_recovery_is_followed_by_the_next_one(tmp_path):
    rows("ALTER TABLE campaign RENAME TO campaign_away")
    try:
        with running("sweeper", log=tmp_path / "log", RECOVER_INTERVAL_MS="100") as sweeper:
            wait_until(lambda: sweeper.log.count("recovery.failed") > 1, "it fails and tries again")
            assert sweeper.stop() == 0, sweeper.log
    finally:
        rows("ALTER TABLE campaign_away RENAME TO campaign")


def test_a_missing_database_is_one_clear_line(tmp_path):
    with running("sweeper", log=tmp_path / "log", DATABASE_URL="") as sweeper:
        assert sweeper.wait() == 1
        assert sweeper.log.splitlines() == [
            "campaign-dispatch: DATABASE_URL is not set; "
            "for example DATABASE_URL=postgresql://user:password@host:5432/campaigns"
        ]
