"""A campaign that has expired is not started: it would be used up, and nothing of it would be sent."""

import pytest

from dispatch.accounts.credits import balance
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.doctor.diagnosis import diagnose
from dispatch.errors import Expired
from dispatch.start import enqueue
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.sweep import sweep_due
from models.database import rows
from tests.factories import a_campaign, an_account, asking
from tests.stored import campaign_row, stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account(db):
    return an_account(credits=10)


def expires(campaign, seconds):
    rows(
        """UPDATE campaign SET expires_at = now() + make_interval(secs => %(in)s),
               scheduled_at = least(scheduled_at, now() + make_interval(secs => %(in)s - 1)) WHERE id = %(id)s""",
        {"in": seconds, "id": campaign.id},
    )


def test_a_start_by_hand_is_refused_and_changes_nothing(account):
    campaign = a_campaign(account, recipients=2)
    expires(campaign, -1)
    before = stored_rows()
    with pytest.raises(Expired, match="later expires_at"):
        enqueue_campaign(asking(), campaign.id)
    assert stored_rows() == before
    edit_campaign(asking(), campaign.id, {"expires_at": None})
    assert enqueue_campaign(asking(), campaign.id).queued == 2


def test_one_that_expires_between_the_check_and_the_claim_is_refused_too(account, monkeypatch):
    campaign = a_campaign(account, recipients=2)
    expires(campaign, 3600)
    claim = enqueue.claim_freely

    def too_slowly(*args, **options):
        expires(campaign, -1)
        return claim(*args, **options)

    monkeypatch.setattr(enqueue, "claim_freely", too_slowly)
    with pytest.raises(Expired):
        enqueue_campaign(asking(), campaign.id)
    assert (campaign_row(campaign.id)["status"], balance(asking(account.id)).held) == ("draft", 0)


def test_a_due_one_waits_for_a_person_and_the_doctor_says_so(account):
    campaign = a_campaign(account, recipients=2, due=True)
    expires(campaign, -1)
    [refused] = sweep_due(asking()).errors
    assert (refused.campaign_id, refused.error) == (campaign.id, "EXPIRED")
    assert read_campaign(asking(), campaign.id).blocked_reason == "EXPIRED"
    [found] = diagnose(asking(account.id), installation=False).campaigns
    [reason] = [each for each in found.reasons if each.code == "expired"]
    assert "Give it a later expiry" in reason.text
    assert "tried again" not in reason.text
    rows("UPDATE campaign SET next_check_at = now() WHERE id = %s", [campaign.id])
    assert sweep_due(asking()).processed_count == 0
    edit_campaign(asking(), campaign.id, {"expires_at": None})
    assert [each.campaign_id for each in sweep_due(asking()).campaigns] == [campaign.id]
