"""A recurring campaign that expires before its next occurrence is refused at every door, and so are two zones."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatch.campaigns.draft import CampaignDraft
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import pause_campaign, resume_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.schedule_view import Repeats
from dispatch.campaigns.writing import create_campaign, save_recurring
from dispatch.errors import InvalidRequest
from dispatch.schedules.schedules import edit_schedule, read_schedule
from dispatch.start.occurrences import register_occurrences
from models.database import rows
from tests.factories import a_campaign, an_account, asking
from tests.recurring import a_pattern, scheduled
from tests.stored import stored_rows

pytestmark = pytest.mark.usefixtures("redis")

NEVER = datetime.now(UTC) + timedelta(days=800)
YEARLY = Repeats(cron_expression="@yearly", timezone="UTC")
DAILY = Repeats(cron_expression="0 9 * * *", timezone="UTC")


def in_minutes(minutes):
    return datetime.now(UTC) + timedelta(minutes=minutes)


@pytest.fixture
def account(db):
    register_occurrences()
    return an_account()


def yearly(account, **options):
    return a_pattern(account, schedule={"cron_expression": "@yearly"}, **options)


def expired_meanwhile(campaign):
    rows("UPDATE campaign SET expires_at = now() - interval '1 minute' WHERE id = %s", [campaign.id])


# How a campaign comes to recur until an end that is before it is due: what is arranged, and the call that is refused.
DOORS = {
    "created": lambda account: (
        lambda: create_campaign(
            asking(account.id),
            CampaignDraft(name="x", template="Hi", everyone=True, expires_at=in_minutes(1), cron_expression="@yearly"),
        )
    ),
    "scheduled": lambda account: with_draft(account, lambda id: scheduled(read(id), cron_expression="@yearly")),
    "saved": lambda account: with_draft(
        account, lambda id: save_recurring(asking(account.id), id, {"name": "New"}, YEARLY)
    ),
    "edited": lambda account: with_pattern(
        account, lambda id: edit_campaign(asking(), id, {"expires_at": in_minutes(1)})
    ),
    "given other times": lambda account: with_pattern(
        account,
        lambda id: edit_schedule(asking(), read(id).schedule.id, {"cron_expression": "@yearly"}),
        cron_expression="* * * * *",
        expires_at=in_minutes(5),
    ),
    "saved with other times": lambda account: with_pattern(
        account,
        lambda id: save_recurring(asking(), id, {"expires_at": in_minutes(1)}, YEARLY),
        cron_expression="0 9 * * *",
    ),
    "resumed": lambda account: paused_past_its_end(account),
}


def read(campaign_id):
    return read_campaign(asking(), campaign_id)


def with_draft(account, act):
    campaign = a_campaign(account, everyone=True, expires_at=in_minutes(1))
    return lambda: act(campaign.id)


def with_pattern(account, act, *, cron_expression="@yearly", **options):
    campaign = a_pattern(account, schedule={"cron_expression": cron_expression}, **options)
    return lambda: act(campaign.id)


def paused_past_its_end(account):
    campaign = yearly(account)
    pause_campaign(asking(), campaign.id)
    expired_meanwhile(campaign)
    return lambda: resume_campaign(asking(), campaign.id)


@pytest.mark.parametrize("door", DOORS)
def test_an_end_before_the_next_occurrence_is_refused_with_both_times(account, door):
    act = DOORS[door](account)
    before = stored_rows()
    with pytest.raises(
        InvalidRequest, match=r"expires_at: .* its next occurrence is at \d{4}-01-01 00:00 \(UTC\)"
    ) as refusal:
        act()
    assert refusal.value.details["field"] == "expires_at"
    assert stored_rows() == before


def test_an_end_after_the_next_occurrence_is_taken_with_the_times_or_alone(account):
    campaign = yearly(account, expires_at=NEVER)
    daily_end = in_minutes(2 * 24 * 60)
    saved = save_recurring(asking(), campaign.id, {"expires_at": daily_end}, DAILY)
    assert (saved.expires_at, saved.schedule.description) == (daily_end, "every day at 09:00, UTC")
    saved = save_recurring(asking(), campaign.id, {"expires_at": NEVER}, YEARLY)
    assert saved.expires_at == NEVER
    assert edit_campaign(asking(), campaign.id, {"expires_at": None}).expires_at is None


def test_one_that_has_had_its_last_occurrence_may_still_be_changed_otherwise(account):
    campaign = yearly(account)
    expired_meanwhile(campaign)
    assert edit_campaign(asking(), campaign.id, {"name": "New"}).name == "New"


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize(("zone", "then"), [("America/New_York", "America/New_York"), (None, "Asia/Tokyo")])
def test_another_zone_of_the_campaign_moves_its_schedule(account, paused, zone, then):
    rows("UPDATE account SET zone = 'Asia/Tokyo'")
    campaign = a_pattern(account, schedule={"timezone": "Europe/Athens"})
    if paused:
        pause_campaign(asking(), campaign.id)
    before = read_schedule(asking(), campaign.schedule.id)
    edited = edit_campaign(asking(), campaign.id, {"timezone": zone})
    after = read_schedule(asking(), campaign.schedule.id)
    assert (edited.schedule.timezone, after.timezone) == (then, then)
    assert edited.timezone == zone
    assert after.description == f"every day at 09:00, {then}"
    assert (after.next_run_at is None) == paused
    assert paused or after.next_run_at.hour != before.next_run_at.hour


def test_another_zone_of_the_schedule_is_that_of_the_campaign(account):
    campaign = a_pattern(account, timezone="Europe/Athens", schedule={"timezone": "Europe/Athens"})
    edit_schedule(asking(), campaign.schedule.id, {"timezone": "America/New_York"})
    found = read(campaign.id)
    assert (found.timezone, found.schedule.timezone) == ("America/New_York", "America/New_York")
