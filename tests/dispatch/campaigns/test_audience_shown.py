"""What a campaign shows of its audience before its start and after it, when customers are deleted."""

import pytest

from dispatch.campaigns.lifecycle import cancel_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.customers.customers import delete_customer
from dispatch.start.enqueue import enqueue_campaign
from models.database import rows
from tests.factories import a_campaign, an_account, asking, customers
from tests.sending import answering, deliver

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def chosen():
    account = an_account()
    return account, customers(account, 5)


def _counts(campaign_id):
    view = read_campaign(asking(), campaign_id)
    return view.audience.customers, view.stats.total


def test_the_audience_of_a_draft_is_who_is_there(chosen):
    account, ids = chosen
    campaign = a_campaign(account, customer_ids=ids)
    delete_customer(asking(account.id), ids[0])
    assert _counts(campaign.id) == (4, 0)


def test_the_audience_of_a_started_campaign_is_what_it_was_at_its_start(chosen):
    account, ids = chosen
    campaign = a_campaign(account, customer_ids=ids)
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id = %s", [ids[4]])
    enqueue_campaign(asking(), campaign.id)
    assert _counts(campaign.id) == (5, 5)
    delete_customer(asking(account.id), ids[0])
    assert _counts(campaign.id) == (5, 5)
    deliver(answering(), campaign.id)
    delete_customer(asking(account.id), ids[1])
    assert read_campaign(asking(), campaign.id).status == "completed"
    assert _counts(campaign.id) == (5, 5)


def test_the_audience_of_a_cancelled_campaign_stays_too(chosen):
    account, ids = chosen
    campaign = a_campaign(account, customer_ids=ids)
    enqueue_campaign(asking(), campaign.id)
    cancel_campaign(asking(), campaign.id)
    delete_customer(asking(account.id), ids[0])
    assert _counts(campaign.id) == (5, 5)
