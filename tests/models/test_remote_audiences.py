"""The migration of remote audiences can be undone: the campaigns keep the customers that were fetched."""

from importlib import import_module

import psycopg
import pytest

from models.database import db as database
from models.database import rows
from tests.factories import a_campaign, an_account, customers

MIGRATION = import_module("migrations.0011_remote_audiences")

pytestmark = pytest.mark.usefixtures("db")


def test_without_the_migration_a_remote_audience_is_one_of_chosen_customers():
    account = an_account()
    campaign = a_campaign(account, remote=[])
    rows(
        "INSERT INTO campaign_customer (account_id, campaign_id, customer_id) SELECT %s, %s, unnest(%s::bigint[])",
        [account.id, campaign.id, customers(account, 2)],
    )
    with database.atomic() as transaction:
        MIGRATION.down(None, database)
        found = rows("SELECT audience_kind FROM campaign")
        MIGRATION.up(None, database)
        kept = rows("SELECT 1 FROM campaign_customer")
        # Later migrations have changed the same constraint.
        transaction.rollback()
    assert found == [{"audience_kind": "customers"}]
    assert len(kept) == 2


@pytest.mark.parametrize("change", ["remote_filter = NULL", "audience_kind = 'everyone'", "audience_kind = NULL"])
def test_a_campaign_has_conditions_exactly_when_its_audience_is_remote(change):
    a_campaign(an_account(), remote=[])
    with pytest.raises(psycopg.errors.CheckViolation, match="campaign_remote_has_filter"):
        rows(f"UPDATE campaign SET {change}")
