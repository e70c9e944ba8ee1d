"""The migration to families finds the root of every follow-up and leaves each number one holder."""

from importlib import import_module

import psycopg
import pytest

from dispatch.start.follow_ups import retry_failed, send_test, send_to_rest
from models.database import db as database
from models.database import rows
from tests.factories import a_campaign, an_account, asking, customers
from tests.sending import answering, deliver, start_and_deliver
from tests.stored import phones_of

MIGRATION = import_module("migrations.0018_families")

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def family():
    """A campaign, its rest, the rest's retry and a test."""
    account = an_account()
    customers(account, 1)
    root = a_campaign(account, everyone=True)
    start_and_deliver(root)
    customers(account, 1)
    rest = send_to_rest(asking(), root.id).campaign_id
    deliver(answering(reject=phones_of(account)), rest)
    retry = retry_failed(asking(), rest).campaign_id
    test = send_test(asking(), root.id, ["+306912345678"]).campaign_id
    return root.id, rest, retry, test


def test_a_follow_up_belongs_to_the_family_of_the_first_campaign(family):
    root, rest, retry, test = family
    assert _roots() == {root: None, rest: root, retry: root, test: None}


def test_undone_and_done_again_the_migration_finds_the_same_families(family):
    root, rest, retry, _ = family
    before = _roots()
    MIGRATION.down(None, database)
    # Until then, a chain of retries had a lock of its own, and a rest beside it might hold the same number.
    rows("UPDATE campaign_number SET root_id = %s WHERE campaign_id = %s", [rest, retry])
    rows(
        """INSERT INTO campaign_number (account_id, campaign_id, root_id, customer_id, phone)
           SELECT account_id, %s, %s, customer_id, phone FROM campaign_number WHERE campaign_id = %s""",
        [rest, root, retry],
    )
    MIGRATION.up(None, database)
    assert _roots() == before
    held = rows("SELECT campaign_id, root_id FROM campaign_number WHERE root_id IS NOT NULL")
    assert held == [{"campaign_id": retry, "root_id": root}]


def test_two_follow_ups_cannot_hold_one_number(family):
    root, rest, _, _ = family
    with pytest.raises(psycopg.errors.UniqueViolation, match="root_id_phone"), database.atomic():
        rows(
            """INSERT INTO campaign_number (account_id, campaign_id, root_id, phone)
               SELECT account_id, %s, root_id, phone FROM campaign_number WHERE root_id = %s""",
            [rest, root],
        )


def _roots():
    return {each["id"]: each["root_id"] for each in rows("SELECT id, root_id FROM campaign")}
