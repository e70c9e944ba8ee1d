"""Redis hangs or is gone, for longer than any job takes: workers find their work in the rows."""

from io import BytesIO

import pytest

from config.settings import Settings
from dispatch.customers.import_upload import Wish, read_import, start_import
from dispatch.queues import SEND
from models.heartbeat import Heartbeat
from tests.factories import a_campaign, an_account, asking
from tests.faults.campaigns import (
    a_started_campaign,
    counts,
    judge,
    judge_each,
    row_of,
    start,
    wait_until_completed,
    wait_until_sent,
)
from tests.faults.deployment import MOST_IN_FLIGHT
from tests.processes import end_by_force
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

# A job ends with its campaign at the latest, so two workers cannot do these without another job.
CAMPAIGNS, RECIPIENTS = 6, 300


@pytest.fixture
def usual_grace(configure, deployment):
    """The time that the workers of a real deployment have to stop."""
    for name in ("lease_sec", "provider_timeout_sec"):
        configure(**{name.upper(): Settings.model_fields[name].default})


@pytest.fixture
def campaigns(deployment):
    """Started campaigns of as many accounts, each of several batches."""
    return [a_started_campaign(RECIPIENTS) for _ in range(CAMPAIGNS)]


@pytest.fixture(params=["hangs", "is gone"])
def lose_redis(request, deployment):
    """Makes Redis hang, or kills it; it is there again at the end of the test."""
    hangs = request.param == "hangs"
    yield deployment.freeze_redis if hangs else deployment.kill_redis
    if hangs:
        deployment.thaw_redis()


@pytest.fixture
def find_redis(request, deployment, lose_redis):
    """Ends what `lose_redis` did."""
    hangs = "hangs" in request.node.name
    return deployment.thaw_redis if hangs else deployment.start_redis


def wait_until_noticed(deployment):
    """Returns when each of the four workers has; an idle one may need 4 s, in which the campaigns may be completed."""
    wait_until(lambda: deployment.supervisor.log.count('"worker.lost_redis"') >= 4, "every worker has noticed")


def test_campaigns_are_sent_to_their_end_and_afterwards_jobs_are_done_again(
    deployment, redis, campaigns, lose_redis, find_redis
):
    deployment.start()
    wait_until_sent(campaigns[0], 50)
    lose_redis()
    for campaign in campaigns:
        wait_until_completed(campaign)
    wait_until_noticed(deployment)
    find_redis()
    wait_until(lambda: deployment.supervisor.log.count('"worker.found_redis"') >= 4, "each worker is at its queue")
    later = a_started_campaign(RECIPIENTS)
    judge_each(deployment, [*campaigns, later])


def test_workers_that_start_meanwhile_send_too(deployment, campaigns, lose_redis, find_redis):
    lose_redis()
    deployment.start()
    for campaign in campaigns[:3]:
        wait_until_completed(campaign)
    for worker in deployment.workers(SEND):
        end_by_force(worker)
    for campaign in campaigns:
        wait_until_completed(campaign)
    find_redis()
    judge_each(deployment, campaigns, unknown_at_most=MOST_IN_FLIGHT)


def test_a_stop_meanwhile_is_a_clean_one(deployment, usual_grace, lose_redis, find_redis):
    campaigns = [a_started_campaign(3000) for _ in range(2)]
    deployment.start()
    wait_until_sent(campaigns[0], 50)
    lose_redis()
    wait_until_noticed(deployment)
    for campaign in campaigns:
        sent = counts(campaign)["sent"]
        wait_until(lambda campaign=campaign, sent=sent: counts(campaign)["sent"] > sent, "it is sent from rows")
    deployment.stop()
    assert '"child.killed"' not in deployment.supervisor.log
    assert Heartbeat.living() == []
    for campaign in campaigns:
        stopped = counts(campaign)
        assert stopped["sending"] == stopped["unknown"] == 0
    assert sum(counts(campaign)["pending"] for campaign in campaigns) > 0, "it was stopped in the middle"
    find_redis()
    deployment.start()
    judge_each(deployment, campaigns)


def test_a_stop_in_the_moment_in_which_redis_is_lost_is_a_clean_one(deployment, usual_grace, lose_redis, find_redis):
    campaign = a_started_campaign(3000)
    deployment.start()
    wait_until_sent(campaign, 50)
    lose_redis()
    deployment.stop()
    assert '"child.killed"' not in deployment.supervisor.log
    assert Heartbeat.living() == []
    assert counts(campaign)["sending"] == counts(campaign)["unknown"] == 0
    find_redis()
    deployment.start()
    judge(deployment, campaign)


def test_idle_workers_notice_live_on_and_stop(deployment, usual_grace, lose_redis, find_redis):
    deployment.start()
    wait_until(lambda: len(Heartbeat.living()) == 5, "four workers and a sweeper run")
    lose_redis()
    wait_until_noticed(deployment)
    before = {each.name: each.beat_at for each in Heartbeat.living()}
    assert len(before) == 5
    wait_until(lambda: all(each.beat_at > before[each.name] for each in Heartbeat.living()), "every heart beats")
    deployment.stop()
    assert '"child.died"' not in deployment.supervisor.log
    assert '"child.killed"' not in deployment.supervisor.log
    find_redis()


def test_a_large_campaign_whose_job_is_lost_with_redis_is_prepared_and_sent(
    deployment, configure, lose_redis, find_redis
):
    configure(ENQUEUE_INLINE_LIMIT=0)
    campaign = a_campaign(an_account(credits=1000), recipients=1000)
    start(campaign)
    lose_redis()
    assert row_of(campaign).status == "preparing"
    deployment.start()
    wait_until_completed(campaign)
    find_redis()
    judge(deployment, campaign)


def test_an_import_whose_job_is_lost_with_redis_is_finished(deployment, lose_redis, find_redis):
    lines = b"phone\n" + b"".join(b"69%08d\n" % n for n in range(500))
    import_id = start_import(asking(an_account(country="GR").id), BytesIO(lines), Wish("spring")).id
    lose_redis()
    deployment.start()
    wait_until(lambda: read_import(asking(), import_id).status == "done", "it is done")
    assert read_import(asking(), import_id).imported == 500
    find_redis()
