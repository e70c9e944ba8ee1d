"""A campaign that has not started ends after its start; the migration that demands it makes drafts of what does not."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import psycopg
import pytest

from models.database import db as database
from models.database import rows
from tests.factories import a_campaign, an_account

LATER = datetime.now(UTC) + timedelta(days=1)
MIGRATION = import_module("migrations.0007_campaign_times")
_CONTRADICT = "UPDATE campaign SET expires_at = scheduled_at - interval '1 hour' WHERE id = %s"

pytestmark = pytest.mark.usefixtures("db")


def test_a_campaign_cannot_be_made_to_end_before_its_start():
    campaign = a_campaign(an_account(), everyone=True, scheduled_at=LATER)
    with pytest.raises(psycopg.errors.CheckViolation, match="campaign_ends_after_its_start"), database.atomic():
        rows(_CONTRADICT, [campaign.id])


def test_a_campaign_that_contradicted_itself_waits_as_a_draft_with_the_reason():
    account = an_account()
    contradicting, sound = (a_campaign(account, everyone=True, scheduled_at=LATER) for _ in range(2))
    with database.atomic():
        MIGRATION.down(None, database)
        rows(_CONTRADICT, [contradicting.id])
        MIGRATION.up(None, database)
    found = rows("SELECT id, status, scheduled_at, reason FROM campaign ORDER BY id")
    assert [(each["id"], each["status"], each["scheduled_at"]) for each in found] == [
        (contradicting.id, "draft", None),
        (sound.id, "scheduled", LATER),
    ]
    assert "end before its start" in found[0]["reason"]
