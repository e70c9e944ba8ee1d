"""An occurrence of a recurring campaign is started out of turn unless its run would be skipped."""

import pytest

from dispatch.campaigns.editing import edit_campaign
from dispatch.errors import Expired, InvalidStatus
from dispatch.schedules.schedules import run_schedule_now
from models.database import rows
from scheduling.tick import tick
from tests.factories import an_account, asking, customers
from tests.recurring import a_pattern, deliver_all, occurrences_of

pytestmark = pytest.mark.usefixtures("redis")


@pytest.fixture
def account(db):
    found = an_account()
    customers(found, 1)
    return found


def run_now(pattern):
    run_schedule_now(asking(), pattern.schedule.id)


def run_now_and_wait(pattern):
    run_now(pattern)
    assert tick() == {"succeeded": 1}


def test_a_run_of_an_expired_campaign_is_refused_until_it_expires_later(account):
    pattern = a_pattern(account)
    rows("UPDATE campaign SET expires_at = now() - interval '1 minute' WHERE id = %s", [pattern.id])
    with pytest.raises(Expired, match=r"The campaign expired at .*; give it a later expires_at, or none"):
        run_now(pattern)
    assert rows("SELECT 1 FROM schedule_run") == []
    edit_campaign(asking(), pattern.id, {"expires_at": None})
    run_now_and_wait(pattern)


def test_a_run_beside_an_occurrence_that_goes_on_is_refused_with_that_one(account):
    pattern = a_pattern(account)
    run_now_and_wait(pattern)
    [occurrence] = occurrences_of(pattern.id)
    with pytest.raises(InvalidStatus, match=f"Occurrence {occurrence.id} of the campaign is still sending"):
        run_now(pattern)
    deliver_all(pattern.id)
    run_now_and_wait(pattern)


def test_a_run_that_would_wait_for_the_occurrence_that_goes_on_is_accepted(account):
    pattern = a_pattern(account)
    rows("UPDATE schedule SET misfire = 'run_once'")
    run_now_and_wait(pattern)
    run_now(pattern)
    assert tick() == {"put_back": 1}
