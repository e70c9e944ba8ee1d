"""A start names the revision that a person has read; what was changed since is not sent."""

import pytest

from dispatch.campaigns.editing import edit_campaign
from dispatch.errors import InvalidStatus
from dispatch.start.enqueue import enqueue_campaign
from dispatch.tracing.place import begin
from models.campaigns.preparation import Start, claim_freely
from tests.factories import a_campaign, an_account, asking

pytestmark = pytest.mark.usefixtures("redis")


@pytest.fixture
def campaign(db):
    return a_campaign(an_account(), recipients=2)


def test_the_revision_that_was_read_starts(campaign):
    assert enqueue_campaign(asking(), campaign.id, revision=campaign.revision).queued == 2


def test_a_campaign_that_was_changed_since_is_refused_to_start_and_to_be_edited(campaign):
    edit_campaign(asking(), campaign.id, {"template": "Another"}, revision=campaign.revision)
    with pytest.raises(InvalidStatus, match="was changed after you opened it"):
        enqueue_campaign(asking(), campaign.id, revision=campaign.revision)
    with pytest.raises(InvalidStatus, match="was changed after you opened it"):
        edit_campaign(asking(), campaign.id, {"template": "Mine"}, revision=campaign.revision)


def test_a_change_between_the_check_and_the_claim_keeps_it_from_being_claimed(campaign):
    edited = edit_campaign(asking(), campaign.id, {"template": "Another"})
    start = Start(
        batch_size=10,
        actor="test",
        request_id="r",
        traceparent=str(begin()),
        only_if_due=False,
        recipients=2,
        changed=0,
        read=campaign.revision,
    )
    assert claim_freely(campaign.id, start, revision=edited.revision) is None
