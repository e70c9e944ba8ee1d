"""A campaign's plan: how many will be reached when, by zone, and who is held back why."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatch.accounts.accounts import change_account
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import pause_campaign
from dispatch.campaigns.plans import plan_campaign
from dispatch.campaigns.previews import preview_audience, preview_messages
from dispatch.errors import CampaignNotFound, InvalidStatus, NoTargetAudience
from dispatch.start.enqueue import enqueue_campaign
from models.database import rows
from tests.clock import advance_clock, set_clock, stopped_clock
from tests.factories import a_campaign, a_list, a_segment, an_account, asking, customers
from tests.recurring import a_pattern
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver
from tests.stored import stored_rows

pytestmark = pytest.mark.usefixtures("db", "redis")

# A Monday in the winter of Athens (UTC+2), where the numbers of tests are.
MORNING = datetime(2030, 1, 7, 7, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _clock(db):
    with stopped_clock(MORNING):
        yield


def a_draft(account, changes=None, **options):
    campaign = a_campaign(account, **({"everyone": True} if not options.keys() & {"list_id"} else {}), **options)
    if changes:
        edit_campaign(asking(), campaign.id, changes)
    return campaign.id


def an_account_with(people=2, **settings):
    account = an_account(credits=100_000)
    change_account(asking(account.id), settings)
    customers(account, people)
    return account


def move_to(account, zone, people=1):
    """Moves the account's last customers to another zone."""
    rows(
        """UPDATE customer SET zone = %s
           WHERE id IN (SELECT id FROM customer WHERE account_id = %s ORDER BY id DESC LIMIT %s)""",
        [zone, account.id, people],
    )


def zones_of(plan):
    return [(each.zone, each.recipients, each.first_at.isoformat(), each.until.isoformat()) for each in plan.zones]


def held_back(plan):
    """Returns the reasons that hold anyone back."""
    return {reason: people for reason, people in plan.held_back.model_dump().items() if people}


def test_each_zone_has_its_people_and_their_hours_in_the_order_of_their_times():
    account = an_account_with(6)
    move_to(account, "America/New_York", 2)
    move_to(account, "Asia/Tokyo", 1)
    plan = plan_campaign(asking(), a_draft(account, {"send_window": "Mon-Fri 08:00-18:00"}))
    assert zones_of(plan) == [
        ("Asia/Tokyo", 1, "2030-01-07T16:00:00+09:00", "2030-01-07T18:00:00+09:00"),
        ("Europe/Athens", 4, "2030-01-07T09:00:00+02:00", "2030-01-07T18:00:00+02:00"),
        ("America/New_York", 1, "2030-01-07T08:00:00-05:00", "2030-01-07T18:00:00-05:00"),
    ]
    assert held_back(plan) == {"window": 1}


def test_people_of_one_zone_may_have_different_quiet_hours():
    account = an_account_with(2, quiet_hours="default")
    rows("INSERT INTO customer (account_id, phone, zone) VALUES (%s, '+12125550123', 'Europe/Athens')", [account.id])
    set_clock(MORNING - 30 * timedelta(minutes=1))
    plan = plan_campaign(asking(), a_draft(account))
    assert [(zone, people, first_at) for zone, people, first_at, _ in zones_of(plan)] == [
        ("Europe/Athens", 1, "2030-01-07T08:30:00+02:00"),
        ("Europe/Athens", 2, "2030-01-07T09:00:00+02:00"),
    ]
    assert held_back(plan) == {"quiet_hours": 2}


def test_without_hours_everyone_is_reached_at_once():
    account = an_account_with(3)
    plan = plan_campaign(asking(), a_draft(account))
    assert zones_of(plan) == [("Europe/Athens", 3, "2030-01-07T09:00:00+02:00", "2030-01-08T09:00:00+02:00")]
    assert held_back(plan) == {}


@pytest.mark.parametrize(
    ("at", "changes", "rule"),
    [
        (MORNING, {"local_time": "10:00", "send_window": "Sat-Sun", "holidays": "GR"}, "local_time"),
        (MORNING, {"local_time": "09:00", "send_window": "Sat-Sun", "holidays": "GR"}, "window"),
        (MORNING - DAY, {"send_window": "Sat", "holidays": "GR"}, "holidays"),  # Epiphany, a Sunday
        (MORNING - 2 * HOUR, {"send_window": "10:00-12:00"}, "window"),
        (MORNING - 2 * HOUR, {"send_window": "Mon"}, "quiet_hours"),
        (MORNING, {"local_time": "09:00", "send_window": "Mon", "holidays": "GR"}, None),
    ],
)
def test_who_waits_is_counted_for_the_first_rule_that_makes_them_wait(at, changes, rule):
    set_clock(at)
    plan = plan_campaign(asking(), a_draft(an_account_with(quiet_hours="22:00-09:00"), changes))
    assert held_back(plan) == ({rule: 2} if rule else {})
    assert sum(each.recipients for each in plan.zones) == 2


def test_who_cannot_be_reached_before_the_end_is_in_no_zone():
    account = an_account_with(3)
    move_to(account, "America/New_York")
    changes = {"send_window": "08:00-18:00", "expires_at": MORNING + 6 * HOUR}
    plan = plan_campaign(asking(), a_draft(account, changes))
    assert [each.zone for each in plan.zones] == ["Europe/Athens"]
    assert held_back(plan) == {"expired": 1}
    # Their hours end later than the campaign.
    assert plan.zones[0].until == plan.expires_at == MORNING + 6 * HOUR


@pytest.mark.parametrize("audience", ["everyone", "segment_id", "list_id"])
def test_as_many_opted_out_as_in_the_audiences_preview(audience):
    account = an_account_with(0)
    list_id = a_list(account, 10)
    rows("UPDATE customer SET consent = 'unsubscribed' WHERE id % 5 = 0")
    rows("INSERT INTO suppression (account_id, phone) SELECT account_id, phone FROM customer WHERE id % 5 = 1")
    segment = {"segment_id": lambda: a_segment(account, "location", "eq", "Athens"), "list_id": lambda: list_id}
    campaign = a_campaign(account, **{audience: segment.get(audience, lambda: True)()})
    plan = plan_campaign(asking(), campaign.id)
    assert plan.held_back.opted_out == preview_audience(asking(), campaign.id).excluded.opted_out == 4
    assert plan.zones[0].recipients == 6


def test_a_draft_starts_now_and_lives_as_long_as_it_would_by_default():
    account = an_account_with()
    plan = plan_campaign(asking(), a_draft(account))
    assert (plan.starts_at, plan.expires_at) == (MORNING, MORNING + DAY)
    assert plan_campaign(asking(), a_draft(account, {"local_time": "10:00"})).expires_at == MORNING + 8 * DAY


def test_a_scheduled_campaign_starts_at_its_time_or_now_when_it_has_passed():
    account = an_account_with(quiet_hours="22:00-09:00")
    night = MORNING + 16 * HOUR
    campaign_id = a_draft(account, scheduled_at=night)
    plan = plan_campaign(asking(), campaign_id)
    assert (plan.starts_at, plan.expires_at) == (night, night + DAY)
    assert (plan.zones[0].first_at, held_back(plan)) == (MORNING + DAY, {"quiet_hours": 2})
    pause_campaign(asking(), campaign_id)
    assert plan_campaign(asking(), campaign_id) == plan
    set_clock(night + DAY)
    assert plan_campaign(asking(), campaign_id).starts_at == night + DAY


def test_a_recurring_campaign_is_planned_for_its_next_time():
    account = an_account_with()
    pattern = a_pattern(account, expires_at=MORNING + 10 * DAY)
    plan = plan_campaign(asking(), pattern.id)
    nine = MORNING + 2 * HOUR
    assert (plan.starts_at, plan.expires_at) == (nine, nine + DAY)
    set_clock(MORNING + 9 * DAY + 12 * HOUR)
    assert plan_campaign(asking(), pattern.id).expires_at == MORNING + 10 * DAY


def test_caps_count_the_messages_of_the_week_before_the_time_that_is_planned():
    account = an_account_with(1, cap_per_day=2, cap_per_week=3)
    list_id = a_list(account, 1)
    for _ in range(2):
        deliver(ScriptedProvider(), enqueue_campaign(asking(), a_draft(account, list_id=list_id)).campaign_id)
        advance_clock(HOUR)
    assert held_back(plan_campaign(asking(), a_draft(account))) == {"frequency_cap": 1}
    tomorrow = MORNING + DAY + 2 * HOUR
    later = a_draft(account, scheduled_at=tomorrow)
    assert held_back(plan_campaign(asking(), later)) == {}
    # Another campaign has planned a message for tomorrow: the third of the week.
    enqueue_campaign(asking(), a_draft(account, {"local_time": "10:00"}, list_id=list_id))
    assert held_back(plan_campaign(asking(), later)) == {"frequency_cap": 1}
    assert held_back(plan_campaign(asking(), a_draft(account, {"purpose": "service"}))) == {}


def test_a_preview_prices_whoever_the_plan_holds_back_for_a_cap():
    account = an_account_with(1, cap_per_day=1)
    deliver(ScriptedProvider(), enqueue_campaign(asking(), a_draft(account, list_id=a_list(account, 1))).campaign_id)
    draft = a_draft(account)
    assert held_back(plan_campaign(asking(), draft)) == {"frequency_cap": 1}
    preview = preview_messages(asking(), draft)
    priced = [message.cost for message in preview.messages if message.cost]
    assert (preview.estimate.recipients, preview.estimate.credits) == (len(priced), sum(priced))
    assert priced


def test_a_plan_changes_nothing():
    account = an_account_with(quiet_hours="default", cap_per_week=1)
    campaign_id = a_draft(account)
    before = stored_rows()
    plan_campaign(asking(), campaign_id)
    assert stored_rows() == before


def test_what_has_started_or_has_no_audience_or_is_anothers_has_no_plan():
    account = an_account_with()
    with pytest.raises(NoTargetAudience):
        plan_campaign(asking(), a_campaign(account).id)
    campaign_id = a_draft(account)
    with pytest.raises(CampaignNotFound):
        plan_campaign(asking(an_account().id), campaign_id)
    enqueue_campaign(asking(), campaign_id)
    for status in ("sending", "paused"):
        with pytest.raises(InvalidStatus, match=f"{status} has no plan; its messages"):
            plan_campaign(asking(), campaign_id)
        if status == "sending":
            pause_campaign(asking(), campaign_id)
