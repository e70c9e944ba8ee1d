"""The database keeps recurring campaigns and their occurrences sound, and the migration can be undone."""

from importlib import import_module

import psycopg
import pytest

from dispatch.campaigns.lifecycle import unschedule_campaign
from models.database import db as database
from models.database import rows
from scheduling.tick import tick
from tests.factories import a_campaign, an_account, arrange_state, asking, customers
from tests.moves import arranging
from tests.recurring import a_pattern, occurrences_of

MIGRATION = import_module("migrations.0009_recurring_campaigns")

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def pattern(db):
    """A recurring campaign with one occurrence."""
    account = an_account()
    customers(account, 1)
    made = a_pattern(account)
    rows("UPDATE schedule SET next_run_at = date_trunc('minute', now())")
    tick()
    return made


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("schedule_id = NULL", "campaign_recurring_has_schedule"),
        ("scheduled_at = now()", "campaign_recurring_has_no_time_of_its_own"),
        ("kind = 'occurrence'", "campaign_occurrence_has_time"),
        ("occurrence_at = now()", "campaign_occurrence_has_time"),
    ],
)
def test_a_pattern_cannot_lose_what_makes_it_one(pattern, change, constraint):
    with pytest.raises(psycopg.errors.CheckViolation, match=constraint), database.atomic():
        rows(f"UPDATE campaign SET {change} WHERE id = %s", [pattern.id])


BY_THE_SCHEDULE = "UPDATE campaign SET schedule_id = (SELECT id FROM schedule) WHERE id = %s"


def test_a_schedule_has_one_campaign(pattern):
    [occurrence] = occurrences_of(pattern.id)
    with pytest.raises(psycopg.errors.UniqueViolation), database.atomic():
        rows(BY_THE_SCHEDULE, [occurrence.id])


def test_a_schedule_has_no_campaign_of_another_account(pattern):
    unschedule_campaign(asking(), pattern.id)
    theirs = a_campaign(an_account(), everyone=True)
    with pytest.raises(psycopg.errors.ForeignKeyViolation), database.atomic():
        rows(BY_THE_SCHEDULE, [theirs.id])


def test_undone_the_migration_leaves_drafts_and_normal_campaigns(pattern):
    paused = a_pattern(an_account())
    arrange_state(paused.id, "paused", paused_from="recurring")
    with arranging():
        MIGRATION.down(None, database)
        left = rows("SELECT status, kind FROM campaign ORDER BY id")
        MIGRATION.up(None, database)
    assert [each["status"] for each in left] == ["draft", "sending", "draft"]
    assert {each["kind"] for each in left} == {"normal"}
    assert a_pattern(an_account()).status == "recurring"
