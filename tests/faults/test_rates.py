"""Real workers keep a sender's rate by the provider's log, also when Redis forgets everything or is away."""

from datetime import datetime

import pytest

from tests.faults.campaigns import a_started_campaign, judge, wait_until_sent
from tests.pacing import most_in_a_second
from tests.simulator import lines

pytestmark = pytest.mark.processes

RATE = 100


@pytest.fixture(autouse=True)
def _a_rate(deployment, configure):
    # The others' second is short for a machine on which other things run as well, and here nothing waits for it.
    configure(SENDER_RATE=RATE, PROVIDER_TIMEOUT_SEC=5, LEASE_SEC=10)


def most_accepted_in_a_second(deployment):
    return most_in_a_second(datetime.fromisoformat(line["at"]).timestamp() for line in lines(deployment.accepted))


def test_two_workers_together_never_send_more_than_the_rate_and_a_burst(deployment):
    campaign = a_started_campaign(500)
    deployment.start()
    judge(deployment, campaign)
    assert most_accepted_in_a_second(deployment) <= 2 * RATE


def test_a_flush_in_mid_campaign_allows_no_second_burst(deployment, redis):
    campaign = a_started_campaign(500)
    deployment.start()
    for sent in (100, 200, 300):
        wait_until_sent(campaign, sent)
        redis.flushall()
    judge(deployment, campaign)
    assert most_accepted_in_a_second(deployment) <= 2 * RATE


def test_without_redis_the_workers_go_on_and_together_stay_within_the_rate(deployment):
    campaign = a_started_campaign(600)
    deployment.start()
    wait_until_sent(campaign, 100)
    deployment.kill_redis()
    wait_until_sent(campaign, 300)
    deployment.start_redis()
    judge(deployment, campaign)
    assert most_accepted_in_a_second(deployment) <= 2 * RATE
