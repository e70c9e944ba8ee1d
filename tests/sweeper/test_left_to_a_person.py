"""A campaign that waits for a person: sweep, doctor, metrics and audit agree on which refusals leave it to one."""

import pytest

from dispatch.audit import audit
from dispatch.errors import Expired, InsufficientCredits, TooLate
from dispatch.start.sweep import sweep_due
from models.campaigns.blocking import FOR_A_PERSON, block
from models.database import row, rows
from models.metrics.deployment import Due, due
from models.tenancy import ALL_ACCOUNTS
from tests.dispatch.doctor.looking import diagnosis
from tests.factories import a_campaign, an_account, asking

pytestmark = pytest.mark.usefixtures("db", "redis")


def a_blocked_campaign(reason):
    campaign = a_campaign(an_account(), recipients=1, due=True)
    rows("UPDATE campaign SET scheduled_at = now() - interval '1 hour' WHERE id = %s", [campaign.id])
    block(campaign.id, reason)
    rows("UPDATE campaign SET updated_at = now() - interval '1 hour' WHERE id = %s", [campaign.id])
    return campaign.id


def test_what_is_too_late_or_has_expired_is_left_to_a_person():
    assert set(FOR_A_PERSON) == {TooLate.code, Expired.code}


@pytest.mark.parametrize("reason", FOR_A_PERSON)
def test_what_is_left_to_a_person_is_not_checked_again_by_anyone(reason):
    campaign_id = a_blocked_campaign(reason)
    assert row("SELECT next_check_at FROM campaign WHERE id = %s", [campaign_id]) == {"next_check_at": None}
    assert sweep_due(asking()).processed_count == 0
    assert due() == Due(campaigns=0, set_aside=1, oldest_sec=0)
    assert audit(ALL_ACCOUNTS) == []
    [said] = diagnosis().campaigns
    assert "tried again" not in " ".join(reason.text for reason in said.reasons)


def test_any_other_refusal_is_checked_again_after_a_while():
    campaign_id = a_blocked_campaign(InsufficientCredits.code)
    assert due().set_aside == 1
    rows("UPDATE campaign SET next_check_at = now() - interval '1 hour' WHERE id = %s", [campaign_id])
    assert due().campaigns == 1
    assert [found.what for found in audit(ALL_ACCOUNTS)] == [
        "Campaigns due for ten minutes that were neither started nor set aside"
    ]
    assert sweep_due(asking()).processed_count == 1
