"""A campaign's progress: its counts, its rate, and when it will be done."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from dispatch.campaigns.progress import CampaignProgress
from dispatch.errors import CampaignNotFound
from dispatch.providers import Answer
from tests.factories import asking
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver, started


@pytest.mark.usefixtures("db", "redis")
def test_a_look_has_the_counts_the_rate_and_the_estimated_end():
    campaign_id = started(recipients=3)
    progress = CampaignProgress(asking(), campaign_id)
    first = progress.look()
    assert (first.status, first.stats.pending, first.messages_per_second) == ("sending", 3, 0.0)
    assert first.estimated_end is None

    deliver(ScriptedProvider({"+306900000002": [Answer("deferred", retry_after=3600)]}), campaign_id)
    look = progress.look().model_dump(mode="json")
    assert list(look) == ["campaign_id", "status", "stats", "messages_per_second", "estimated_end", "final"]
    assert list(look["stats"].items())[:4] == [("total", 3), ("pending", 1), ("sending", 0), ("sent", 2)]
    assert look["messages_per_second"] > 0
    end = datetime.fromisoformat(look["estimated_end"])
    assert end.isoformat(timespec="seconds") == look["estimated_end"]
    assert datetime.now(UTC) - timedelta(seconds=2) < end < datetime.now(UTC) + timedelta(minutes=1)
    assert look["final"] is False
    assert json.loads(json.dumps(look)) == look


def test_a_campaign_that_does_not_exist_has_no_progress(db):
    with pytest.raises(CampaignNotFound):
        CampaignProgress(asking(), 1).look()
