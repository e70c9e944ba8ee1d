"""The provider crashes in mid-campaign."""

import pytest

from tests.faults.campaigns import a_started_campaign, judge, wait_until_sent
from tests.faults.deployment import MOST_IN_FLIGHT

pytestmark = pytest.mark.processes


def test_calls_a_crashed_provider_never_took_are_made_again_and_the_others_are_unknown(deployment):
    campaign = a_started_campaign(1000)
    deployment.start()
    wait_until_sent(campaign, 300)
    deployment.kill_simulator()
    deployment.start_simulator()
    # A place whose call died with the provider may make the next one on another of its dead connections.
    found = judge(deployment, campaign, unknown_at_most=2 * MOST_IN_FLIGHT)
    assert found["unknown"] > 0, "it crashed in the middle"
