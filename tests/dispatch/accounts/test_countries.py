"""The countries that an account may send to: others are left out at every door, counted, and cost nothing."""

import pytest

from dispatch.accounts.quotas import change_quotas, read_quotas
from dispatch.audience.members import Audience
from dispatch.audience.previews import preview_of
from dispatch.audit import audit
from dispatch.campaigns.plans import plan_campaign
from dispatch.campaigns.previews import preview_audience, preview_messages
from dispatch.customers.customers import create_customer
from dispatch.errors import InvalidRequest, NoRecipients
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import send_test, send_to_rest
from dispatch.start.sweep import sweep_due
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, an_account, asking
from tests.stored import campaign_row, stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")

GREEK, AMERICAN, CANADIAN, JAMAICAN = "+306912345678", "+12015550123", "+15062345678", "+18762101234"


@pytest.fixture
def account():
    """An account with a customer in each country, which may send to Greece and the United States."""
    made = an_account(credits=100)
    for phone in (GREEK, AMERICAN, CANADIAN, JAMAICAN):
        create_customer(asking(made.id), phone=phone)
    change_quotas(asking(made.id), {"countries": ["us", "GR", "GR"]})
    return made


def _for_all(account, **options):
    return a_campaign(account, everyone=True, template="Hi", **options)


def _outcomes(campaign_id):
    found = rows("SELECT phone, state, reason FROM message WHERE campaign_id = %s", [campaign_id])
    return {each["phone"]: each["reason"] or each["state"] for each in found}


def test_people_elsewhere_are_skipped_and_cost_nothing(account):
    campaign = _for_all(account)
    started = enqueue_campaign(asking(), campaign.id)
    assert (started.queued, started.skipped) == (2, {"country_not_allowed": 2})
    elsewhere = dict.fromkeys((CANADIAN, JAMAICAN), "country_not_allowed")
    assert _outcomes(campaign.id) == {GREEK: "pending", AMERICAN: "pending", **elsewhere}
    assert campaign_row(campaign.id)["held"] == 2
    assert audit(ALL_ACCOUNTS) == []


def test_previews_and_plans_count_them(account):
    campaign = _for_all(account)
    shown = preview_audience(asking(), campaign.id)
    assert (shown.count, shown.excluded.country_not_allowed, shown.excluded.opted_out) == (2, 2, 0)
    assert preview_of(Audience(account_id=account.id, campaign_id=None, kind="everyone")).count == 2
    plan = plan_campaign(asking(), campaign.id)
    assert plan.held_back.country_not_allowed == 2
    assert {message.skipped for message in preview_messages(asking(), campaign.id).messages} >= {"country_not_allowed"}


def test_a_text_with_gaps_counts_them_too(account):
    campaign = a_campaign(account, everyone=True, template="Hi {first_name}")
    assert enqueue_campaign(asking(), campaign.id).skipped == {"country_not_allowed": 2}


def test_a_campaign_for_nobody_else_is_refused_and_says_who_can_allow_it(account):
    change_quotas(asking(account.id), {"countries": ["DE"]})
    campaign = _for_all(account)
    before = stored_rows()
    with pytest.raises(NoRecipients, match="an operator can allow it") as refused:
        enqueue_campaign(asking(), campaign.id)
    assert refused.value.details["country_not_allowed"] == 4
    assert stored_rows() == before


def test_a_scheduled_campaign_that_waits_for_a_country_starts_once_it_is_allowed(account):
    change_quotas(asking(account.id), {"countries": []})
    campaign = _for_all(account, due=True)
    sweep_due(asking())
    assert campaign_row(campaign.id)["blocked_reason"] == "NO_RECIPIENTS"
    change_quotas(asking(account.id), {"countries": None})
    assert sweep_due(asking()).processed_count == 1
    assert set(_outcomes(campaign.id).values()) == {"pending"}


def test_a_test_goes_to_no_other_country(account):
    campaign = _for_all(account)
    assert send_test(asking(), campaign.id, [GREEK, JAMAICAN]).queued == 1
    with pytest.raises(NoRecipients):
        send_test(asking(), campaign.id, [JAMAICAN, "+18762105678"])


def test_a_rest_leaves_people_elsewhere_out(account):
    campaign = _for_all(account)
    enqueue_campaign(asking(), campaign.id)
    create_customer(asking(account.id), phone="+18762105678")
    with pytest.raises(NoRecipients):
        send_to_rest(asking(), campaign.id)


def test_another_account_sends_where_it_wants(account):
    other = an_account(credits=10)
    create_customer(asking(other.id), phone=JAMAICAN)
    assert enqueue_campaign(asking(), _for_all(other).id).queued == 1


def test_the_countries_are_shown_as_they_are_understood(account):
    assert read_quotas(asking(account.id)).countries == ["GR", "US"]
    changed = change_quotas(asking(account.id), {"stored_rows": 10})
    assert (changed.countries, changed.stored_rows.limit) == (["GR", "US"], 10)


def test_a_country_that_there_is_not_is_refused(account):
    before = stored_rows()
    with pytest.raises(InvalidRequest, match="Unknown country"):
        change_quotas(asking(account.id), {"countries": ["GR", "XX"]})
    assert stored_rows() == before
