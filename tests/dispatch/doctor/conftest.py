"""An installation in which everything is alive, and what `doctor` says in it."""

from collections.abc import Callable

import pytest

from dispatch.doctor.diagnosis import CampaignDiagnosis
from dispatch.queues import JOBS
from models.heartbeat import Heartbeat
from tests.dispatch.doctor.looking import diagnosis

Ask = Callable[[int], CampaignDiagnosis]


@pytest.fixture(autouse=True)
def alive(db: object, redis: object) -> None:
    """A worker for every queue, and a sweeper."""
    for queue in set(JOBS.values()):
        Heartbeat.beat(f"worker-{queue}", "worker", queue)
    Heartbeat.beat("sweeper", "sweeper")


@pytest.fixture
def ask() -> Ask:
    """Returns what is said of one campaign."""

    def one(campaign_id: int) -> CampaignDiagnosis:
        [found] = [each for each in diagnosis().campaigns if each.id == campaign_id]
        return found

    return one


@pytest.fixture
def said(ask: Ask) -> Callable[[int], dict[str, str]]:
    """Returns the reasons why a campaign does not move, by code."""

    def reasons(campaign_id: int) -> dict[str, str]:
        found = ask(campaign_id)
        assert found.moving == (not found.reasons)
        return {reason.code: reason.text for reason in found.reasons}

    return reasons
