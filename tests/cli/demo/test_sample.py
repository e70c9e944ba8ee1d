"""The sample account: created by the first call, unchanged by the second."""

from uuid import UUID

import pytest

from cli.demo.sample import seed_sample
from dispatch.audit import audit
from dispatch.campaigns.reading import list_campaigns
from dispatch.start.enqueue import enqueue_campaign
from models.database import rows
from models.tenancy import ALL_ACCOUNTS
from tests.factories import asking
from tests.racing import race
from tests.stored import stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")


def test_it_has_ten_customers_and_three_drafts_one_of_them_for_whatsapp():
    made = seed_sample(asking())
    assert (made["account"], made["customers"], made["campaigns"]) == ("sample", 10, 3)
    people = rows("SELECT location, prefered_product FROM customer")
    assert len(people) == 10
    assert any(person["location"] is None for person in people)
    assert any(person["prefered_product"] is None for person in people)
    campaigns = list_campaigns(asking(UUID(made["id"]))).rows
    assert sorted(campaign.channel for campaign in campaigns) == ["sms", "sms", "whatsapp"]
    assert {campaign.status for campaign in campaigns} == {"draft"}


def test_a_second_run_changes_nothing():
    seed_sample(asking())
    rows("UPDATE customer SET first_name = 'Changed' WHERE id = 1")
    before = stored_rows()
    again = seed_sample(asking())
    assert (again["customers"], again["campaigns"]) == (0, 0)
    assert stored_rows() == before


def test_two_runs_at_once_create_one_sample():
    made = race(*[lambda: seed_sample(asking())] * 2)
    assert sorted(each["customers"] for each in made) == [0, 10]
    stored = stored_rows()
    assert [len(stored[table]) for table in ("account", "customer", "campaign")] == [1, 10, 3]


def test_its_campaigns_can_be_started():
    account = seed_sample(asking())["id"]
    campaigns = list_campaigns(asking(UUID(account))).rows
    for campaign in campaigns:
        started = enqueue_campaign(asking(), campaign.id)
        assert started.queued == 10
    assert audit(ALL_ACCOUNTS) == []
