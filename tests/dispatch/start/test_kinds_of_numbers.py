"""Landlines and other numbers that get no texts: told before the start, skipped at no cost, let in by the account."""

import pytest

from dispatch.accounts.accounts import change_account
from dispatch.accounts.credits import balance
from dispatch.audience.members import Audience
from dispatch.audience.previews import preview_of
from dispatch.audit import audit
from dispatch.campaigns.plans import plan_campaign
from dispatch.campaigns.previews import preview_audience, preview_messages
from dispatch.customers.imports import import_customers
from dispatch.errors import InvalidRequest, NoRecipients
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import send_test, send_to_rest
from dispatch.start.to_customers import send_campaign
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, an_account, asking
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver
from tests.stored import states

pytestmark = pytest.mark.usefixtures("db", "redis")

MOBILE, AMERICAN, FIXED, PREMIUM, SHARED = (
    "+306912345678", "+12015550123", "+302101234567", "+309091234567", "+308011234567",
)  # fmt: skip
ALL_KINDS = ["fixed", "premium", "shared_cost"]


@pytest.fixture
def account():
    """An account with a customer for each kind of number, on the list spring."""
    made = an_account(100, country="GR")
    bring_in(made, MOBILE, AMERICAN, FIXED, PREMIUM, SHARED)
    return made


def bring_in(account, *phones):
    return import_customers(asking(account.id), ["phone\n", *(f"{phone}\n" for phone in phones)], list_name="spring")


def a_campaign_for_all(account):
    return a_campaign(account, everyone=True, template="Hi")


def outcomes(campaign_id):
    found = rows("SELECT phone, state, reason FROM message WHERE campaign_id = %s", [campaign_id])
    return {each["phone"]: each["reason"] or each["state"] for each in found}


def test_landlines_premium_and_shared_cost_numbers_are_skipped_and_cost_nothing(account):
    campaign = a_campaign_for_all(account)
    started = enqueue_campaign(asking(), campaign.id)
    assert (started.queued, started.skipped) == (2, {"not_mobile": 3})
    assert balance(asking(account.id)).held == 2
    provider = ScriptedProvider()
    deliver(provider, campaign.id)
    assert {call.phone for call in provider.calls} == {MOBILE, AMERICAN}
    assert states(campaign.id) == {"sent": 2, "skipped": 3}
    assert {outcomes(campaign.id)[phone] for phone in (FIXED, PREMIUM, SHARED)} == {"not_mobile"}
    assert (balance(asking(account.id)).available, audit(ALL_ACCOUNTS)) == (98, [])


@pytest.mark.parametrize("kinds", [["fixed"], ["premium", "shared_cost"], ALL_KINDS])
def test_an_account_lets_in_the_kinds_it_names_and_no_others(account, kinds):
    change_account(asking(account.id), {"text_to": kinds})
    campaign = a_campaign_for_all(account)
    assert enqueue_campaign(asking(), campaign.id).queued == 2 + len(kinds)
    asked = dict(zip(ALL_KINDS, (FIXED, PREMIUM, SHARED), strict=True))
    assert {kind for kind, phone in asked.items() if outcomes(campaign.id)[phone] == "pending"} == set(kinds)


def test_the_setting_of_one_account_is_not_that_of_another(account):
    change_account(asking(an_account().id), {"text_to": ALL_KINDS})
    assert enqueue_campaign(asking(), a_campaign_for_all(account).id).queued == 2


def test_a_number_whose_kind_is_not_known_is_texted(account):
    rows("UPDATE customer SET phone_type = NULL")
    assert enqueue_campaign(asking(), a_campaign_for_all(account).id).queued == 5


def test_previews_and_the_plan_say_before_the_start_who_gets_no_text(account):
    rows("UPDATE customer SET phone_type = NULL WHERE phone = %s", [SHARED])
    campaign = a_campaign_for_all(account)
    people = preview_audience(asking(), campaign.id)
    assert (people.count, people.excluded.not_mobile, people.excluded.opted_out) == (3, 2, 0)
    assert {person.phone for person in people.sample} == {MOBILE, AMERICAN, SHARED}
    assert people.phone_types == {"fixed": 1, "fixed_or_mobile": 1, "mobile": 1, "premium": 1, "unknown": 1}
    preview = preview_messages(asking(), campaign.id)
    assert {each.phone: (each.skipped, each.cost) for each in preview.messages}[FIXED] == ("not_mobile", 0)
    assert (preview.estimate.recipients, preview.estimate.credits) == (3, 3)
    plan = plan_campaign(asking(), campaign.id)
    assert (plan.held_back.not_mobile, sum(zone.recipients for zone in plan.zones)) == (2, 3)


def test_a_person_who_has_opted_out_is_not_counted_twice(account):
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE phone = %s", [FIXED])
    list_id = rows("SELECT id FROM customer_list")[0]["id"]
    campaign = a_campaign(account, list_id=list_id)
    excluded = preview_audience(asking(), campaign.id).excluded
    assert (excluded.opted_out, excluded.not_mobile) == (1, 2)
    assert enqueue_campaign(asking(), campaign.id).skipped == {"not_mobile": 2, "opted_out": 1}


def test_an_audience_of_landlines_alone_is_refused_with_the_reason():
    account = an_account(country="GR")
    bring_in(account, FIXED)
    campaign = a_campaign_for_all(account)
    with pytest.raises(NoRecipients, match=r"audience of 1 person .* with a landline") as refused:
        enqueue_campaign(asking(), campaign.id)
    assert refused.value.details == {"total": 1, "not_mobile": 1}
    [customer] = rows("SELECT id FROM customer")
    with pytest.raises(NoRecipients, match="landline"):
        send_campaign(asking(account.id), a_campaign(account).id, [customer["id"]])


def test_a_large_audience_says_at_once_who_gets_no_text(account, configure):
    configure(ENQUEUE_INLINE_LIMIT=0)
    started = enqueue_campaign(asking(), a_campaign_for_all(account).id)
    assert (started.status, started.queued, started.skipped) == ("preparing", 5, {"not_mobile": 3})


def test_a_landline_that_joins_later_is_not_among_the_rest(account):
    campaign = a_campaign_for_all(account)
    enqueue_campaign(asking(), campaign.id)
    bring_in(account, "+302101234568", "+306912345679")
    rest = send_to_rest(asking(), campaign.id)
    assert outcomes(rest.campaign_id) == {"+306912345679": "pending"}


@pytest.mark.parametrize("number", [FIXED, PREMIUM, "210 123 4567"])
def test_a_test_to_a_landline_is_refused_unless_the_account_lets_it_in(account, number):
    campaign = a_campaign_for_all(account)
    with pytest.raises(InvalidRequest, match="gets no texts"):
        send_test(asking(), campaign.id, [MOBILE, number])
    assert rows("SELECT FROM campaign_number") == []
    change_account(asking(account.id), {"text_to": ALL_KINDS})
    assert send_test(asking(), campaign.id, [MOBILE, number]).queued == 2


def test_no_one_is_reached_at_a_number_that_became_a_landline(account):
    rows("UPDATE customer SET phone_type = 'fixed' WHERE phone = %s", [MOBILE])
    audience = Audience(account_id=account.id, campaign_id=None, kind="everyone")
    assert [person.phone for person in preview_of(audience).sample] == [AMERICAN]
