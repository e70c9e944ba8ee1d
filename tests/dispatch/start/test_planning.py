"""When each message may be sent, decided while a campaign's messages are written."""

from datetime import UTC, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo, available_timezones

import pytest

from dispatch.accounts.accounts import change_account
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.errors import NoRecipients
from dispatch.start.enqueue import enqueue_campaign
from dispatch.start.follow_ups import retry_failed, send_test
from models.database import rows
from tests.clock import advance_clock, set_clock, stopped_clock
from tests.factories import a_campaign, a_list, an_account, asking, customers
from tests.racing import race
from tests.scripted_provider import ScriptedProvider
from tests.sending import answering, deliver, start_and_deliver
from tests.stored import campaign_row, money, phones_of, states

pytestmark = pytest.mark.usefixtures("db", "redis")

# A Monday in the winter of Athens (UTC+2), where the numbers of tests are.
MORNING = datetime(2030, 1, 7, 7, tzinfo=UTC)
EVENING = datetime(2030, 1, 7, 21, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock(db):
    with stopped_clock(MORNING):
        yield


def an_account_with(**settings):
    account = an_account(credits=10_000)
    change_account(asking(account.id), settings)
    return account


def start(account, *, recipients=3, list_id=None, **changes):
    campaign = a_campaign(account, recipients=None if list_id else recipients, list_id=list_id)
    if changes:
        edit_campaign(asking(), campaign.id, changes)
    return campaign.id, enqueue_campaign(asking(), campaign.id)


def planned(campaign_id):
    """Returns zone and time of each message."""
    return rows(
        "SELECT n, zone, not_before, send_until, reason, state FROM message WHERE campaign_id = %s ORDER BY n",
        [campaign_id],
    )


def test_quiet_hours_defer_and_nothing_looks_at_the_messages_until_they_end():
    account = an_account_with(quiet_hours="22:00-09:00")
    set_clock(EVENING)
    campaign_id, started = start(account)
    ends = datetime(2030, 1, 8, 7, tzinfo=UTC)
    assert (started.status, started.queued, started.enqueued_jobs) == ("sending", 3, 0)
    assert {(one["zone"], one["not_before"]) for one in planned(campaign_id)} == {("Europe/Athens", ends)}
    assert rows("SELECT next_due_at, pushed_at FROM batch") == [{"next_due_at": ends, "pushed_at": None}]
    assert read_campaign(asking(), campaign_id).waits_until == ends
    provider = ScriptedProvider()
    set_clock(ends - timedelta(minutes=1))
    assert deliver(provider, campaign_id) == 0
    set_clock(ends)
    assert deliver(provider, campaign_id) == 3
    assert campaign_row(campaign_id)["status"] == "completed"


def test_outside_quiet_hours_a_campaign_starts_at_once_and_knows_when_they_begin():
    campaign_id, started = start(an_account_with(quiet_hours="22:00-09:00"))
    assert started.enqueued_jobs == 1
    begin = datetime(2030, 1, 7, 20, tzinfo=UTC)
    assert {(one["not_before"], one["send_until"]) for one in planned(campaign_id)} == {(None, begin)}


def test_without_hours_nothing_is_planned():
    campaign_id, _ = start(an_account(credits=10))
    assert {(one["zone"], one["not_before"], one["send_until"]) for one in planned(campaign_id)} == {(None, None, None)}


def test_quiet_hours_are_for_marketing_and_not_for_tests():
    account = an_account_with(quiet_hours="22:00-09:00")
    set_clock(EVENING)
    campaign_id, started = start(account, purpose="service")
    assert started.enqueued_jobs == 1
    assert deliver(ScriptedProvider(), campaign_id) == 3
    tested = send_test(asking(), campaign_id, ["+306912345678"])
    assert deliver(ScriptedProvider(), tested.campaign_id) == 1


def test_a_window_counts_on_the_clock_of_each_person():
    account = an_account(credits=100)
    ids = customers(account, 2)
    rows("UPDATE customer SET zone = 'America/New_York' WHERE id = %s", [ids[1]])
    campaign = a_campaign(account, customer_ids=ids)
    edit_campaign(asking(), campaign.id, {"send_window": "Mon-Fri 08:00-18:00"})
    enqueue_campaign(asking(), campaign.id)
    assert [(one["zone"], one["not_before"]) for one in planned(campaign.id)] == [
        ("Europe/Athens", None),
        ("America/New_York", datetime(2030, 1, 7, 13, tzinfo=UTC)),
    ]


def test_no_one_is_messaged_on_a_public_holiday():
    set_clock(datetime(2030, 3, 25, 7, tzinfo=UTC))  # Independence Day in Greece, a Monday
    campaign_id, _ = start(an_account(credits=100), holidays="GR", send_window="09:00-18:00")
    assert {one["not_before"] for one in planned(campaign_id)} == {datetime(2030, 3, 26, 7, tzinfo=UTC)}


ZONES = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))[::14][:40]


def a_campaign_around_the_world(people: int, **changes):
    account = an_account(credits=1_000_000)
    list_id = a_list(account, people)
    rows("UPDATE customer SET zone = (%s::text[])[1 + id %% %s] WHERE account_id = %s", [ZONES, len(ZONES), account.id])
    return account, start(account, list_id=list_id, **changes)[0]


def test_at_ten_in_each_persons_zone_no_one_is_early_and_no_one_waits_for_ever(configure):
    configure(BATCH_SIZE=50)
    _, campaign_id = a_campaign_around_the_world(2000, local_time="10:00")
    zones = {row["phone"]: ZoneInfo(row["zone"]) for row in rows("SELECT phone, zone FROM customer")}
    provider, at = ScriptedProvider(), []
    provider.on_call(lambda message: at.append((message.phone, clock_now[0])))
    clock_now, wakes = [MORNING], 0
    while campaign_row(campaign_id)["status"] == "sending":
        (due,) = rows("SELECT min(coalesce(next_due_at, now())) AS at FROM batch WHERE pending > 0")
        clock_now[0] = max(due["at"], clock_now[0])
        set_clock(clock_now[0])
        assert deliver(provider, campaign_id) > 0
        wakes += 1
        assert wakes < 100
    assert states(campaign_id) == {"sent": 2000}
    assert set(provider.calls_per_phone().values()) == {1}
    shown = [(moment.astimezone(zones[phone]).time(), moment - MORNING) for phone, moment in at]
    assert {clock for clock, _ in shown} == {time(10)}
    assert max(after for _, after in shown) < timedelta(hours=24)


def test_messages_are_written_in_the_order_of_their_times(configure):
    configure(BATCH_SIZE=50)
    _, campaign_id = a_campaign_around_the_world(2000, local_time="10:00")
    times = [one["not_before"] or MORNING for one in planned(campaign_id)]
    assert times == sorted(times)
    assert rows("SELECT count(DISTINCT next_due_at) AS times FROM batch")[0]["times"] > 15


def test_who_cannot_be_reached_before_the_end_is_skipped_and_costs_nothing():
    account = an_account(credits=100)
    ids = customers(account, 2)
    rows("UPDATE customer SET zone = 'America/New_York' WHERE id = %s", [ids[1]])
    campaign = a_campaign(account, customer_ids=ids, expires_at=MORNING + timedelta(hours=2))
    edit_campaign(asking(), campaign.id, {"send_window": "08:00-18:00"})
    enqueue_campaign(asking(), campaign.id)
    assert [(one["state"], one["reason"]) for one in planned(campaign.id)] == [
        ("pending", None),
        ("skipped", "expired"),
    ]
    assert money(campaign.id)[0] == 1


def test_one_message_a_day_skips_who_got_another_campaign():
    account = an_account_with(cap_per_day=1)
    list_id = a_list(account, 4)
    first, _ = start(account, list_id=list_id)
    rejected = phones_of(account)[0]
    deliver(answering(reject=[rejected]), first)
    advance_clock(timedelta(hours=23))
    second, started = start(account, list_id=list_id)
    # The one whom the first did not reach has had nothing today.
    assert started.queued == 1
    assert {(one["state"], one["reason"]) for one in planned(second)} == {
        ("pending", None),
        ("skipped", "frequency_cap"),
    }
    assert money(second)[0] == 1
    advance_clock(timedelta(hours=1))
    _, started = start(account, list_id=list_id)
    assert started.queued == 3  # not the one that the second has planned


def test_caps_can_defer_instead():
    account = an_account_with(cap_per_day=1, over_cap="defer", quiet_hours="22:00-09:00")
    list_id = a_list(account, 2)
    first, _ = start(account, list_id=list_id)
    deliver(ScriptedProvider(), first)
    advance_clock(timedelta(hours=1))
    second, started = start(account, list_id=list_id, expires_at=MORNING + timedelta(days=3))
    assert (started.queued, started.enqueued_jobs) == (2, 0)
    assert {one["not_before"] for one in planned(second)} == {MORNING + timedelta(days=1)}


def test_what_a_cap_would_defer_past_the_end_is_skipped():
    account = an_account_with(cap_per_week=1, over_cap="defer")
    list_id = a_list(account, 2)
    start(account, list_id=list_id)
    campaign = a_campaign(account, list_id=list_id, expires_at=MORNING + timedelta(days=2))
    with pytest.raises(NoRecipients, match=r"the account's caps allow \(start it later\): 2") as refused:
        enqueue_campaign(asking(), campaign.id)
    assert refused.value.details["skipped"] == {"frequency_cap": 2}
    assert campaign_row(campaign.id)["status"] == "draft"


def test_a_week_counts_every_campaign_and_service_messages_count_for_nothing():
    account = an_account_with(cap_per_week=2)
    list_id = a_list(account, 1)
    for _ in range(2):
        campaign_id, started = start(account, list_id=list_id)
        deliver(ScriptedProvider(), campaign_id)
        advance_clock(timedelta(days=2))
    service, started = start(account, list_id=list_id, purpose="service")
    assert started.queued == 1
    deliver(ScriptedProvider(), service)
    with pytest.raises(NoRecipients):
        start(account, list_id=list_id)
    advance_clock(timedelta(days=3))
    _, started = start(account, list_id=list_id)
    assert started.queued == 1


def test_a_retry_counts_as_a_message():
    account = an_account_with(cap_per_day=1)
    campaign = a_campaign(account, recipients=1)
    (phone,) = phones_of(account)
    start_and_deliver(campaign, reject=[phone])
    child = retry_failed(asking(), campaign.id)
    deliver(ScriptedProvider(), child.campaign_id)
    with pytest.raises(NoRecipients):
        start(account, list_id=campaign.audience.list_id)


def test_two_campaigns_that_start_together_do_not_overlook_each_other():
    account = an_account_with(cap_per_day=1)
    list_id = a_list(account, 200)
    both = [a_campaign(account, list_id=list_id).id for _ in range(2)]
    outcomes = race(*[partial(enqueue_campaign, asking(), campaign_id) for campaign_id in both])
    assert sorted(getattr(outcome, "queued", outcome) for outcome in outcomes if outcome != "NO_RECIPIENTS") == [200]
    assert rows("SELECT count(*) AS n FROM message WHERE state = 'pending'") == [{"n": 200}]
