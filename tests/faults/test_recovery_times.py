"""With the default timers, work that lost its worker or its job is continued long before a lease ends."""

import pytest

from config.settings import Settings
from dispatch.queues import SEND
from models.heartbeat import Heartbeat
from tests.faults.campaigns import a_started_campaign, counts, judge, wait_until_sent
from tests.faults.deployment import MOST_IN_FLIGHT
from tests.processes import end_by_force
from tests.waiting import wait_until

pytestmark = pytest.mark.processes

# A bound and no measurement: it was 44 and 49 s, usually it is 10 to 15 s.
SOON_SEC = 30


@pytest.fixture(autouse=True)
def default_timers(configure, deployment):
    """The waits of a real deployment."""
    for name in ("lost_after_sec", "recover_interval_ms", "lease_sec", "provider_timeout_sec"):
        configure(**{name.upper(): Settings.model_fields[name].default})


def test_all_send_workers_are_killed(deployment):
    campaign = a_started_campaign(600)
    deployment.start()
    wait_until_sent(campaign, 100)
    for worker in deployment.workers(SEND):
        end_by_force(worker)
    sent = counts(campaign)["sent"]
    wait_until(lambda: counts(campaign)["sent"] > sent + 64, "others go on", seconds=SOON_SEC)
    found = judge(deployment, campaign, unknown_at_most=MOST_IN_FLIGHT)
    assert found["unknown"] > 0, "they were killed in the middle"


def test_redis_forgets_every_job(deployment, redis):
    campaign = a_started_campaign(600)
    redis.flushall()
    deployment.start()
    wait_until(lambda: len(Heartbeat.living()) == 5, "four workers and a sweeper run")
    wait_until(lambda: counts(campaign)["sent"] > 0, "the jobs are pushed again", seconds=SOON_SEC)
    judge(deployment, campaign)
