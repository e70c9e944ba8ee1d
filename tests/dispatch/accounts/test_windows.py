"""Quiet hours within which the window of a campaign lies that has not started are refused, with its name."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatch.accounts.accounts import change_account
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.lifecycle import pause_campaign
from dispatch.campaigns.writing import duplicate_campaign
from dispatch.errors import InvalidRequest, InvalidStatus
from models.database import db
from tests.factories import a_campaign, an_account, arrange_state, asking
from tests.racing import in_another_thread, someone_waits_for_us
from tests.recurring import a_pattern
from tests.stored import stored_rows
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("redis")

WINDOW, LATER = "Mon-Fri 08:00-10:00", datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def account(db):
    account = an_account()
    return change_account(asking(account.id), {"quiet_hours": "off"})


def paused(campaign):
    return pause_campaign(asking(), campaign.id)


KINDS = {
    "a draft": lambda account, **hours: a_campaign(account, everyone=True, **hours),
    "scheduled": lambda account, **hours: a_campaign(account, everyone=True, scheduled_at=LATER, **hours),
    "recurring": a_pattern,
    "paused": lambda account, **hours: paused(a_pattern(account, **hours)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_quiet_hours_that_leave_no_time_for_a_campaign_are_refused(account, kind):
    campaign = KINDS[kind](account, name="Spring", send_window=WINDOW)
    before = stored_rows()
    with pytest.raises(InvalidStatus, match=rf"Spring \({campaign.id}, {WINDOW}\)") as refusal:
        change_account(asking(account.id), {"quiet_hours": "20:00-11:00"})
    assert refusal.value.details["campaigns"] == [campaign.id]
    assert stored_rows() == before
    assert change_account(asking(account.id), {"quiet_hours": "20:00-09:30"}).quiet_hours == "20:00-09:30"


def test_another_country_whose_quiet_hours_leave_no_time_is_refused_too(account):
    change_account(asking(account.id), {"quiet_hours": "default", "country": "AE"})
    a_campaign(account, everyone=True, send_window="07:00-08:00")
    with pytest.raises(InvalidStatus, match="07:00-08:00"):
        change_account(asking(account.id), {"country": "IN"})


def test_what_has_started_is_for_service_or_is_another_accounts_does_not_count(account):
    a_campaign(account, everyone=True, purpose="service", send_window=WINDOW)
    a_campaign(change_account(asking(an_account().id), {"quiet_hours": "off"}), everyone=True, send_window=WINDOW)
    arrange_state(a_campaign(account, everyone=True, send_window=WINDOW).id, "cancelled")
    assert change_account(asking(account.id), {"quiet_hours": "20:00-11:00"}).quiet_hours == "20:00-11:00"


def test_a_refusal_names_ten_and_says_how_many_more_there_are(account):
    for _ in range(12):
        a_campaign(account, everyone=True, send_window=WINDOW)
    with pytest.raises(InvalidStatus, match="and 2 more") as refusal:
        change_account(asking(account.id), {"quiet_hours": "20:00-11:00"})
    assert len(refusal.value.details["campaigns"]) == 10


def closes(account):
    return change_account(asking(account.id), {"quiet_hours": "20:00-11:00"})


def edited(campaign, **changes):
    return edit_campaign(asking(campaign.account_id), campaign.id, changes)


def of_a_draft(account, changes, **written):
    campaign = a_campaign(account, everyone=True, **written)
    return lambda: edited(campaign, **changes)


def of_one_that_is_over(account):
    campaign = a_campaign(account, everyone=True, send_window=WINDOW)
    arrange_state(campaign.id, "cancelled")
    return lambda: duplicate_campaign(asking(account.id), campaign.id)


WAYS = {
    "a new campaign": lambda account: lambda: a_campaign(account, everyone=True, send_window=WINDOW),
    "a new window": lambda account: of_a_draft(account, {"send_window": WINDOW}),
    "another purpose": lambda account: of_a_draft(
        account, {"purpose": "marketing"}, send_window=WINDOW, purpose="service"
    ),
    "a copy": of_one_that_is_over,
}


@pytest.mark.parametrize("way", WAYS)
def test_quiet_hours_that_come_while_a_window_is_written_are_refused(account, way):
    write = WAYS[way](account)
    with db.atomic():
        write()
        change = in_another_thread(lambda: closes(account))
        wait_until(someone_waits_for_us, "the change of the account waits")
    assert change.result(30) == "INVALID_STATUS"


@pytest.mark.parametrize("way", WAYS)
def test_a_window_that_comes_while_the_quiet_hours_change_is_refused(account, way):
    write = WAYS[way](account)
    with db.atomic():
        closes(account)
        written = in_another_thread(write)
        wait_until(someone_waits_for_us, "the campaign waits")
    assert written.result(30) == "INVALID_REQUEST"


def test_a_copy_whose_window_lies_within_the_quiet_hours_by_now_is_refused(account):
    copy = of_one_that_is_over(account)
    closes(account)
    before = stored_rows()
    with pytest.raises(InvalidRequest, match=rf"{WINDOW} lies within the quiet hours \(20:00-11:00\)"):
        copy()
    assert stored_rows() == before
    change_account(asking(account.id), {"quiet_hours": "off"})
    assert copy().send_window == WINDOW


def test_a_window_and_a_purpose_that_are_changed_at_once_are_judged_together(account):
    closes(account)
    campaign = a_campaign(account, everyone=True, purpose="service")
    with db.atomic():
        edited(campaign, send_window=WINDOW)
        changed = in_another_thread(lambda: edited(campaign, purpose="marketing"))
        wait_until(someone_waits_for_us, "the other edit waits")
    assert changed.result(30) == "INVALID_REQUEST"


def test_campaigns_with_windows_do_not_wait_for_each_other(account):
    with db.atomic():
        a_campaign(account, everyone=True, send_window=WINDOW)
        other = in_another_thread(lambda: a_campaign(account, everyone=True, send_window=WINDOW))
        assert other.result(30).send_window == WINDOW
