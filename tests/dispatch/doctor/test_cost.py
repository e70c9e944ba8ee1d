"""Looking at a thousand campaigns takes as many statements as looking at one."""

from collections import Counter

import psycopg
import pytest

from dispatch.doctor.diagnosis import MAX_CAMPAIGNS
from models.database import db as database
from models.database import rows
from tests.dispatch.doctor.looking import diagnosis
from tests.factories import a_campaign, an_account
from tests.sending import started


@pytest.fixture
def statements(db):
    """Counts the statements of this thread's connection."""
    counted: Counter[str] = Counter()

    class Counting(psycopg.Cursor):
        def execute(self, query, params=None, **options):
            counted["all"] += 1
            return super().execute(query, params, **options)

    connection = database.connection()
    usual, connection.cursor_factory = connection.cursor_factory, Counting
    yield counted
    connection.cursor_factory = usual


def copies(campaign_id, count):
    """Copies a campaign with its batches and messages."""
    columns = ", ".join(
        each["column_name"]
        for each in rows(
            """SELECT quote_ident(column_name) AS column_name FROM information_schema.columns
               WHERE table_schema = 'public' AND table_name = 'campaign' AND column_name <> 'id'"""
        )
    )
    rows(
        f"INSERT INTO campaign ({columns}) SELECT {columns} FROM campaign, generate_series(1, %s) WHERE id = %s",
        [count, campaign_id],
    )
    for table in ("batch", "message"):
        rows(
            f"""INSERT INTO {table} SELECT (jsonb_populate_record(original, jsonb_build_object('campaign_id', c.id))).*
                FROM {table} original, campaign c
                WHERE original.campaign_id = %(id)s AND c.id > %(id)s AND c.status = 'sending'""",
            {"id": campaign_id},
        )


def test_a_thousand_campaigns_cost_as_many_statements_as_two(statements):
    account = an_account(credits=10_000)
    a_campaign(account, recipients=1, due=True)
    campaign_id = started(account, recipients=2)
    rows("UPDATE batch SET touched_at = now()")
    diagnosis()
    statements.clear()
    diagnosis()
    of_two = statements["all"]
    copies(campaign_id, 1000)
    statements.clear()
    found = diagnosis()
    assert statements["all"] == of_two
    assert len(found.campaigns) == MAX_CAMPAIGNS
    assert found.campaigns_left_out


def test_campaigns_that_should_move_are_listed_before_those_whose_time_has_not_come(db):
    account = an_account(credits=10_000)
    later = a_campaign(account, recipients=1, due=True)
    rows("UPDATE campaign SET scheduled_at = now() + interval '1 day'")
    now = started(account, recipients=1)
    assert [each.id for each in diagnosis().campaigns] == [now, later.id]
