"""Send workers are killed, frozen or stopped in mid-campaign."""

import os
import random
import signal

import pytest

from tests.faults.campaigns import a_started_campaign, counts, judge, wait_until_completed, wait_until_sent
from tests.faults.deployment import MOST_IN_FLIGHT, SEND_WINDOW
from tests.faults.freezing import freeze_between_transactions, thaw
from tests.processes import end_by_force, is_alive
from tests.waiting import wait_until

pytestmark = pytest.mark.processes


def test_send_workers_killed_in_mid_batch_leave_unknown_at_most_what_they_held(deployment):
    chance = random.Random(1)
    moments = sorted(chance.sample(range(100, 1200), k=3))
    campaign = a_started_campaign(2000)
    deployment.start()
    for moment in moments:
        wait_until_sent(campaign, moment)
        victims = wait_until(deployment.sending_workers, "a worker is calling the provider")
        end_by_force(chance.choice(victims))
    found = judge(deployment, campaign, unknown_at_most=len(moments) * SEND_WINDOW)
    assert found["unknown"] > 0, "they were killed in the middle"


def test_a_worker_frozen_past_its_leases_and_resumed_sends_nothing_twice(deployment):
    campaign = a_started_campaign(800)
    deployment.start()
    wait_until_sent(campaign, 100)
    [frozen, *_] = wait_until(deployment.sending_workers, "a worker is calling the provider")
    freeze_between_transactions(frozen)
    wait_until_completed(campaign)
    unknown = counts(campaign)["unknown"]
    assert 0 < unknown <= SEND_WINDOW, "the others went on, and what it held is unknown"
    thaw(frozen)
    os.kill(frozen, signal.SIGTERM)
    wait_until(lambda: not is_alive(frozen), "it records what it held, and stops")
    judge(deployment, campaign, unknown_at_most=unknown)


def test_asked_to_stop_in_mid_campaign_everything_in_flight_is_recorded(deployment):
    campaign = a_started_campaign(1000)
    deployment.start()
    wait_until_sent(campaign, 300)
    deployment.stop()
    stopped = counts(campaign)
    assert stopped["sending"] == stopped["unknown"] == 0
    assert stopped["pending"] > 0, "it was stopped in the middle"
    deployment.start()
    judge(deployment, campaign, unknown_at_most=0)


def test_a_killed_supervisor_is_replaced_while_its_workers_finish_what_is_in_flight(deployment):
    campaign = a_started_campaign(1000)
    deployment.start()
    wait_until_sent(campaign, 300)
    deployment.kill_supervisor()
    deployment.start()
    judge(deployment, campaign, unknown_at_most=0)


def test_after_a_crash_of_everything_but_the_database_the_campaign_continues(deployment):
    campaign = a_started_campaign(1000)
    deployment.start()
    wait_until_sent(campaign, 300)
    deployment.lose_power()
    deployment.start_redis()
    deployment.start()
    found = judge(deployment, campaign, unknown_at_most=MOST_IN_FLIGHT)
    assert found["unknown"] > 0, "it was cut in the middle"
