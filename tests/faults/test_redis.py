"""Redis loses everything, brings old jobs back, or goes away; the rows know what is left to do (I14)."""

import pytest

from dispatch.queues import SEND
from tests.faults.campaigns import a_started_campaign, judge, wait_until_sent
from tests.faults.deployment import MOST_IN_FLIGHT
from tests.processes import end_by_force

pytestmark = pytest.mark.processes


def test_a_flush_before_any_job_ran_loses_nothing(deployment, redis):
    campaign = a_started_campaign(600)
    redis.flushall()
    deployment.start()
    judge(deployment, campaign)


def test_a_flush_in_mid_campaign_loses_nothing(deployment, redis):
    campaign = a_started_campaign(1000)
    deployment.start()
    wait_until_sent(campaign, 300)
    redis.flushall()
    judge(deployment, campaign)


def test_an_old_snapshot_that_brings_jobs_back_sends_nothing_twice(deployment, redis):
    campaign = a_started_campaign(1000)
    snapshot = {key: redis.dump(key) for key in redis.scan_iter()}
    deployment.start()
    wait_until_sent(campaign, 300)
    redis.flushall()
    for key, value in snapshot.items():
        redis.execute_command("RESTORE", key, 0, value)
    judge(deployment, campaign)


def test_redis_killed_in_mid_campaign_comes_back_empty_and_nothing_is_lost(deployment):
    campaign = a_started_campaign(1000)
    deployment.start()
    wait_until_sent(campaign, 300)
    deployment.kill_redis()
    # The workers in action could finish the campaign without Redis; new ones need jobs.
    for worker in deployment.workers(SEND):
        end_by_force(worker)
    deployment.start_redis()
    judge(deployment, campaign, unknown_at_most=MOST_IN_FLIGHT)
