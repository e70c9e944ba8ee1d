"""No message is sent outside its hours or above a cap, however late its turn comes."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from dispatch.accounts.accounts import change_account
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import pause_campaign, resume_campaign
from dispatch.start.enqueue import enqueue_campaign
from models.database import rows
from tests.clock import advance_clock, set_clock, stopped_clock
from tests.factories import a_campaign, a_list, an_account, asking
from tests.racing import race
from tests.scripted_provider import ScriptedProvider
from tests.sending import deliver
from tests.stored import campaign_row, money, states

pytestmark = pytest.mark.usefixtures("db", "redis")

# Nine in the morning of a Monday in Athens.
MORNING = datetime(2030, 1, 7, 7, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clock(db):
    with stopped_clock(MORNING):
        yield


def started(account, *, list_id=None, **changes):
    campaign = a_campaign(account, recipients=None if list_id else 3, list_id=list_id)
    if changes:
        edit_campaign(asking(), campaign.id, changes)
    enqueue_campaign(asking(), campaign.id)
    return campaign.id


def an_account_with(**settings):
    account = an_account(credits=1000)
    change_account(asking(account.id), settings)
    return account


def waiting(campaign_id):
    """Returns when the messages may be sent, and how often they were tried."""
    return rows(
        "SELECT DISTINCT state, attempts, not_before, send_until FROM message WHERE campaign_id = %s", [campaign_id]
    )


def test_what_was_not_sent_before_quiet_hours_waits_until_they_end():
    campaign_id = started(an_account_with(quiet_hours="22:00-09:00"))
    pause_campaign(asking(), campaign_id)
    advance_clock(timedelta(hours=14))
    resume_campaign(asking(), campaign_id)
    provider = ScriptedProvider()
    assert deliver(provider, campaign_id) == 0
    tomorrow = MORNING + timedelta(days=1)
    assert waiting(campaign_id) == [
        {"state": "pending", "attempts": 0, "not_before": tomorrow, "send_until": tomorrow + timedelta(hours=13)}
    ]
    assert rows("SELECT next_due_at, pushed_at FROM batch") == [{"next_due_at": tomorrow, "pushed_at": None}]
    assert provider.calls == []
    rows("UPDATE campaign SET expires_at = expires_at + interval '1 day'")
    set_clock(tomorrow)
    assert deliver(provider, campaign_id) == 3


def test_a_call_that_may_start_two_seconds_late_is_not_begun_at_the_last_second():
    campaign_id = started(an_account_with(quiet_hours="22:00-09:00"))
    ends = MORNING + timedelta(hours=13)
    set_clock(ends - timedelta(seconds=2))
    assert deliver(ScriptedProvider(), campaign_id) == 0
    set_clock(ends - timedelta(seconds=3))
    rows("UPDATE message SET not_before = NULL, send_until = %s", [ends])
    rows("UPDATE batch SET next_due_at = NULL")
    assert deliver(ScriptedProvider(), campaign_id) == 3


def test_a_window_that_has_closed_opens_on_its_next_day():
    campaign_id = started(an_account(credits=100), send_window="Mon,Thu 09:00-18:00", local_time="09:00")
    advance_clock(timedelta(hours=10))
    assert deliver(ScriptedProvider(), campaign_id) == 0
    # Its local time has come, so it is sent when the window opens again.
    assert {one["not_before"] for one in waiting(campaign_id)} == {MORNING + timedelta(days=3)}


def test_what_expires_while_it_waits_is_skipped_at_that_moment():
    campaign_id = started(an_account_with(quiet_hours="22:00-09:00"))
    advance_clock(timedelta(hours=14))
    deliver(ScriptedProvider(), campaign_id)
    ends = campaign_row(campaign_id)["expires_at"]
    assert ends == MORNING + timedelta(days=1)
    set_clock(ends)
    provider = ScriptedProvider()
    deliver(provider, campaign_id)
    assert provider.calls == []
    assert (states(campaign_id), campaign_row(campaign_id)["status"]) == ({"skipped": 3}, "completed")
    assert money(campaign_id) == (3, 0, 3)


def test_quiet_hours_set_while_a_campaign_waits_count_when_it_is_put_off():
    account = an_account_with(quiet_hours="22:00-09:00")
    campaign_id = started(account)
    change_account(asking(account.id), {"quiet_hours": "20:00-11:00"})
    advance_clock(timedelta(hours=13))
    deliver(ScriptedProvider(), campaign_id)
    assert {one["not_before"] for one in waiting(campaign_id)} == {MORNING + timedelta(hours=26)}


def two_started_together(account):
    """Two campaigns to the same people that were prepared before the account had a cap."""
    list_id = a_list(account, 3)
    return [started(account, list_id=list_id) for _ in range(2)]


def test_a_cap_is_checked_again_when_messages_are_claimed():
    account = an_account(credits=100)
    first, second = two_started_together(account)
    change_account(asking(account.id), {"cap_per_day": 1})
    assert deliver(ScriptedProvider(), first) == 3
    provider = ScriptedProvider()
    assert deliver(provider, second) == 0
    assert provider.calls == []
    assert states(second) == {"skipped": 3}
    assert rows("SELECT DISTINCT reason FROM message WHERE campaign_id = %s", [second]) == [{"reason": "frequency_cap"}]
    assert money(second) == (3, 0, 3)


def test_a_cap_that_defers_puts_off_what_is_claimed():
    account = an_account(credits=100)
    first, second = two_started_together(account)
    rows("UPDATE campaign SET expires_at = expires_at + interval '2 days'")
    change_account(asking(account.id), {"cap_per_day": 1, "over_cap": "defer"})
    assert deliver(ScriptedProvider(), first) == 3
    assert deliver(ScriptedProvider(), second) == 0
    assert {(one["attempts"], one["not_before"]) for one in waiting(second)} == {(0, MORNING + timedelta(days=1))}
    advance_clock(timedelta(days=1))
    assert deliver(ScriptedProvider(), second) == 3


def test_two_workers_on_two_campaigns_keep_a_cap_together():
    account = an_account(credits=1000)
    list_id = a_list(account, 100)
    both = [started(account, list_id=list_id) for _ in range(2)]
    change_account(asking(account.id), {"cap_per_day": 1})
    provider = ScriptedProvider()
    race(*[partial(deliver, provider, campaign_id) for campaign_id in both])
    assert set(provider.calls_per_phone().values()) == {1}
    assert len(provider.calls) == 100
