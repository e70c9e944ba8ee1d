"""PostgreSQL crashes in mid-campaign."""

import pytest

from tests.faults.campaigns import a_started_campaign, counts, judge, wait_until_sent
from tests.waiting import wait_until

pytestmark = pytest.mark.processes


def test_workers_wait_for_a_crashed_postgres_and_lose_no_answer(deployment):
    campaign = a_started_campaign(1000)
    deployment.start()
    wait_until_sent(campaign, 300)
    deployment.crash_postgres()
    deployment.start_postgres()
    # An answer that waited longer than its lease is recorded on an unknown message.
    wait_until(lambda: not counts(campaign)["unknown"], "every answer is recorded")
    judge(deployment, campaign)
