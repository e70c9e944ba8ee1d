"""What an account may send in a day: it fails closed, at every door, and two at once do not both get the rest of it."""

import pytest

from dispatch.accounts.quotas import change_quotas, read_quotas
from dispatch.audit import audit
from dispatch.campaigns.reading import read_campaign
from dispatch.errors import SpendingLimit
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import retry_failed, send_test
from dispatch.start.preparation import continue_preparation
from dispatch.start.sweep import sweep_due
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, an_account, asking
from tests.racing import race
from tests.sending import start_and_deliver
from tests.stored import campaign_row, phones_of, stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account(db):
    return an_account(credits=100_000)


def _limit(account, **limits):
    change_quotas(asking(account.id), limits)


def _refused(act):
    """Does what the limit refuses; nothing may be changed."""
    before = stored_rows()
    with pytest.raises(SpendingLimit, match="an operator can raise the limit") as refused:
        act()
    assert stored_rows() == before
    return refused.value.details


@pytest.mark.parametrize("limit", [{"messages_per_day": 5}, {"credits_per_day": 5}])
def test_no_more_is_sent_in_a_day_than_an_operator_allows(account, limit):
    first, second = a_campaign(account, recipients=3), a_campaign(account, recipients=3)
    _limit(account, **limit)
    start_and_deliver(first)
    details = _refused(lambda: enqueue_campaign(asking(), second.id))
    assert details == {"quota": next(iter(limit)), "limit": 5, "used": 3, "needed": 3}
    _limit(account, **dict.fromkeys(limit, 6))
    enqueue_campaign(asking(), second.id)
    assert audit(ALL_ACCOUNTS) == []


def test_a_price_that_turns_out_too_high_for_the_day_puts_the_campaign_back(account):
    campaign = a_campaign(account, recipients=2, template="x" * 200)
    _limit(account, credits_per_day=3)
    with pytest.raises(SpendingLimit, match="needs 4 more"):
        enqueue_campaign(asking(), campaign.id)
    assert read_campaign(asking(), campaign.id).status == "draft"
    assert read_quotas(asking(account.id)).credits_per_day.used == 0


def test_of_campaigns_started_at_once_only_as_many_start_as_the_day_allows(account):
    made = [a_campaign(account, recipients=2) for _ in range(4)]
    _limit(account, credits_per_day=5)
    answers = race(*[lambda each=each: enqueue_campaign(asking(), each.id).status for each in made])
    assert sorted(answers) == ["SPENDING_LIMIT"] * 2 + ["sending"] * 2
    assert read_quotas(asking(account.id)).credits_per_day.used == 4


def test_a_scheduled_campaign_waits_for_the_limit_and_says_so(account):
    campaign = a_campaign(account, recipients=3, due=True)
    _limit(account, messages_per_day=2)
    sweep_due(asking())
    assert campaign_row(campaign.id)["blocked_reason"] == "SPENDING_LIMIT"
    _limit(account, messages_per_day=None)
    assert sweep_due(asking()).processed_count == 1
    assert campaign_row(campaign.id)["status"] == "sending"


def test_a_campaign_prepared_by_a_job_meets_the_limit_too(account, configure):
    configure(ENQUEUE_INLINE_LIMIT=0)
    campaign = a_campaign(account, recipients=3, due=True)
    sweep_due(asking())
    _limit(account, messages_per_day=2)
    continue_preparation(campaign.id, campaign_row(campaign.id)["prep_token"])
    found = campaign_row(campaign.id)
    assert (found["status"], found["blocked_reason"]) == ("scheduled", "SPENDING_LIMIT")


def test_follow_ups_and_tests_count_for_the_day(account):
    campaign = a_campaign(account, recipients=3)
    start_and_deliver(campaign, reject=phones_of(account))
    _limit(account, messages_per_day=3)
    _refused(lambda: retry_failed(asking(), campaign.id))
    _refused(lambda: send_test(asking(), campaign.id, ["+306912345678"]))


def test_a_new_day_begins_again(account):
    _limit(account, messages_per_day=3)
    start_and_deliver(a_campaign(account, recipients=3))
    rows("UPDATE account_day SET day = day - 1")
    assert start_and_deliver(a_campaign(account, recipients=3)).stats.sent == 3
