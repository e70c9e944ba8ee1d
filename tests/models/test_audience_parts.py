"""The table of the parts of combined audiences refuses what makes no sense, and its migration can be undone."""

from importlib import import_module

import psycopg
import pytest

from dispatch.campaigns.editing import edit_campaign
from dispatch.errors import NoTargetAudience
from dispatch.start.enqueue import enqueue_campaign
from models.database import db as database
from models.database import rows
from tests.factories import a_campaign, a_list, a_segment, an_account, asking, combined
from tests.racing import race

MIGRATION = import_module("migrations.0023_combined_audiences")

pytestmark = pytest.mark.usefixtures("db", "redis")


@pytest.fixture
def account():
    return an_account()


def test_without_the_migration_a_combined_campaign_has_no_audience_and_goes_to_no_one(account):
    campaign = a_campaign(account, combined=combined(lists=[a_list(account, 2)]))
    with database.atomic():
        MIGRATION.down(None, database)
        found = rows("SELECT audience_kind FROM campaign")
        MIGRATION.up(None, database)
    assert found == [{"audience_kind": None}]
    with pytest.raises(NoTargetAudience):
        enqueue_campaign(asking(), campaign.id)


@pytest.mark.parametrize(
    "change",
    [
        "role = 'exclude', kind = 'everyone', list_id = NULL",
        "kind = 'everyone'",
        "kind = 'segment'",
        "list_id = NULL",
        "kind = 'segment', list_id = NULL",
        "segment_filter = '{}'",
        "place = 0",
        "place = 21",
        "role = 'perhaps'",
    ],
)
def test_a_part_is_one_list_one_segment_or_everyone(account, change):
    a_campaign(account, combined=combined(lists=[a_list(account, 1)]))
    with pytest.raises(psycopg.errors.CheckViolation):
        rows(f"UPDATE audience_part SET {change}")


def test_a_part_belongs_to_the_account_of_its_campaign(account):
    a_campaign(account, combined=combined(lists=[a_list(account, 1)]))
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        rows("UPDATE audience_part SET list_id = %s", [a_list(an_account(), 1)])


def test_of_two_edits_at_once_one_is_left_as_a_whole(account):
    first, second = a_list(account, 1), a_list(account, 1)
    some = a_segment(account, "location", "eq", "Athens")
    campaign = a_campaign(account, combined=combined(lists=[first]))
    choices = [combined(lists=[first, second]), combined(segments=[some], except_lists=[first])]
    race(*(lambda asked=asked: edit_campaign(asking(), campaign.id, {"combined": asked}) for asked in choices))
    kept = [tuple(part.values()) for part in rows("SELECT role, list_id, segment_id FROM audience_part ORDER BY place")]
    assert kept in (
        [("include", first, None), ("include", second, None)],
        [("include", None, some), ("exclude", first, None)],
    )
