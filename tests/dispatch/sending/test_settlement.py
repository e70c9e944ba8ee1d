"""What is captured and released, and that simultaneous settlements do it once."""

import pytest

from dispatch.audit import audit
from models.credit import settle
from models.database import rows
from models.messages.batch import ranges
from models.messages.recovery import stop_waiting
from models.tenancy import ALL_ACCOUNTS
from tests.racing import race
from tests.sending import answering, deliver, started
from tests.stored import money

pytestmark = pytest.mark.usefixtures("db", "redis")

FIRST = "+306900000000"


def test_settlements_at_the_same_time_release_a_credit_once():
    campaign_id = started(recipients=5)
    deliver(answering(lose=[FIRST]), campaign_id)
    assert money(campaign_id) == (5, 4, 0)
    rows("UPDATE message SET lease_until = now() - interval '25 hours' WHERE state = 'unknown'")
    [part] = ranges(campaign_id, "unknown")
    assert stop_waiting(campaign_id, part) == 1
    assert race(*[lambda: settle(campaign_id)] * 8) == [True] * 8
    assert money(campaign_id) == (5, 4, 1)
    assert audit(ALL_ACCOUNTS) == []


def test_a_campaign_that_is_sending_is_not_settled():
    campaign_id = started(recipients=5)
    assert not settle(campaign_id)
    assert money(campaign_id) == (5, 0, 0)
