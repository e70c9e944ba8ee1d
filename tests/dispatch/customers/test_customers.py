"""Customers changed and deleted while campaigns are sent to them."""

import pytest

from dispatch.audit import audit
from dispatch.customers.customers import delete_customer, edit_customer, read_customer
from dispatch.customers.suppressions import add_suppression
from dispatch.start import preparation as preparing
from dispatch.start.enqueue import enqueue_campaign
from models.campaigns.campaign import Campaign
from models.database import row, rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import a_campaign, an_account, asking, customers
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver, started
from tests.stored import states

pytestmark = pytest.mark.usefixtures("db", "redis")


def newest() -> int:
    return row("SELECT max(id) AS id FROM customer")["id"]


@pytest.mark.parametrize("how", ["consent", "suppression"])
def test_a_person_who_opts_out_during_a_campaign_gets_no_more_of_it(how):
    account = an_account()
    campaign_id = started(account, recipients=3)
    if how == "consent":
        edit_customer(asking(), newest(), consent="unsubscribed")
    else:
        phone = row("SELECT phone FROM customer WHERE id = %s", [newest()])["phone"]
        add_suppression(asking(account.id), phone=phone)
    provider = ScriptedProvider()
    deliver(provider, campaign_id)
    assert len(provider.calls) == 2
    assert states(campaign_id) == {"sent": 2, "skipped": 1}
    assert audit(ALL_ACCOUNTS) == []


def test_messages_stay_when_their_customer_is_deleted():
    campaign_id = started(recipients=3)
    gone = newest()
    delete_customer(asking(), gone)
    deliver(ScriptedProvider(), campaign_id)
    assert states(campaign_id) == {"sent": 3}
    assert row("SELECT customer_id FROM message WHERE n = 2")["customer_id"] == gone
    assert audit(ALL_ACCOUNTS) == []


def test_deleting_a_customer_during_a_preparation_keeps_its_counts_right(configure, monkeypatch):
    configure(ENQUEUE_INLINE_LIMIT=0, BATCH_SIZE=2)
    monkeypatch.setattr(preparing, "RECIPIENTS_PER_CHUNK", 2)
    account = an_account()
    chosen = customers(account, 6)
    campaign_id = a_campaign(account, customer_ids=chosen).id
    enqueue_campaign(asking(), campaign_id)
    stops = iter([False, True])
    assert preparing.prepare(Campaign.find(campaign_id, ALL_ACCOUNTS), until=lambda: next(stops)) is False
    delete_customer(asking(), chosen[0])
    delete_customer(asking(), chosen[-1])
    preparing.continue_preparation(campaign_id, Campaign.find(campaign_id, ALL_ACCOUNTS).prep_token)
    assert Campaign.find(campaign_id, ALL_ACCOUNTS).status == "sending"
    assert [each["customer_id"] for each in rows("SELECT customer_id FROM message ORDER BY n")] == chosen[:-1]
    assert audit(ALL_ACCOUNTS) == []


def test_an_opt_out_stays_when_its_customer_is_deleted():
    account = an_account()
    [customer_id] = customers(account, 1)
    edit_customer(asking(), customer_id, consent="unsubscribed")
    delete_customer(asking(), customer_id)
    [again] = customers(account, 1)
    assert read_customer(asking(), again).suppressed


def test_a_deleted_customer_leaves_lists_and_chosen_audiences():
    account = an_account()
    chosen = customers(account, 2)
    campaign = a_campaign(account, customer_ids=chosen)
    delete_customer(asking(), chosen[0])
    left = rows("SELECT customer_id FROM campaign_customer WHERE campaign_id = %s", [campaign.id])
    assert [each["customer_id"] for each in left] == chosen[1:]
