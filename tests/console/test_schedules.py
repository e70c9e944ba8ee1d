"""Schedules and their calendar in the browser."""

from datetime import UTC, date, datetime

import pytest

from api.console.calendars import Due, weeks_of
from dispatch.schedules.schedules import read_schedule
from tests.factories import a_campaign, an_account, asking
from tests.recurring import a_pattern, schedule_of, scheduled

SCRIPT = "<script>alert(1)</script>"


def days(weeks):
    return {each.day: each for week in weeks for each in week}


@pytest.mark.parametrize(
    ("month", "first", "last"),
    [((2027, 2), "2027-02-01", "2027-02-28"), ((2026, 11), "2026-10-26", "2026-12-06")],
)
def test_a_month_has_whole_weeks_from_monday(month, first, last):
    weeks = weeks_of(date(*month, 1), [], "UTC")
    assert (weeks[0][0].day.isoformat(), weeks[-1][-1].day.isoformat()) == (first, last)
    assert all(len(week) == 7 for week in weeks)
    assert {each.day.month for week in weeks for each in week if each.inside} == {month[1]}


def test_a_time_is_on_the_day_that_it_has_by_the_clocks_of_the_zone():
    late = Due(datetime(2026, 11, 29, 22, 30, tzinfo=UTC), "Late", None)
    found = days(weeks_of(date(2026, 11, 1), [late], "Europe/Athens"))
    assert [each.time for each in found[date(2026, 11, 30)].entries] == ["00:30"]
    assert found[date(2026, 11, 29)].entries == ()


def test_many_times_of_one_thing_on_a_day_are_one_entry_and_days_are_in_order():
    due = [Due(datetime(2026, 11, 2, hour, tzinfo=UTC), name, None) for hour, name in ((9, "A"), (8, "B"), (10, "A"))]
    [first, second] = days(weeks_of(date(2026, 11, 1), due, "UTC"))[date(2026, 11, 2)].entries
    assert (first.name, first.time, first.times) == ("B", "08:00", 1)
    assert (second.name, second.time, second.times) == ("A", "09:00", 2)


def test_the_calendar_shows_recurring_and_scheduled_campaigns_in_their_month(signed_in, account):
    pattern = a_campaign(account, everyone=True, name="Weekly")
    scheduled(pattern, cron_expression="0 9 * * 1", timezone="UTC")
    a_campaign(account, everyone=True, name="Summer sale", scheduled_at=datetime(2031, 7, 14, 8, tzinfo=UTC))
    page = signed_in.get("/console/schedules?month=2031-07")
    assert "July 2031" in page.text
    assert "08:00 Summer sale" in page.text
    coming = schedule_of(pattern.id)["next_run_at"]
    page = signed_in.get(f"/console/schedules?month={coming:%Y-%m}")
    assert "09:00 Weekly" in page.text
    assert "every Monday at 09:00" in page.text
    assert f"/console/campaigns/{pattern.id}" in signed_in.answer.text


def test_a_month_without_anything_says_so_and_leads_to_its_neighbours(signed_in):
    page = signed_in.get("/console/schedules?month=2030-12")
    assert "Nothing is due in this month" in page.text
    assert "month=2030-11" in signed_in.answer.text
    assert "month=2031-01" in signed_in.answer.text


@pytest.mark.parametrize("month", ["soon", "2030-13", "2030-1", "2030-01-01", "0001-01", "9999-12", "%00"])
def test_a_month_that_cannot_be_is_refused_in_words(signed_in, month):
    signed_in.get(f"/console/schedules?month={month}")
    assert signed_in.status == 400
    assert "month" in signed_in.page.text


def test_a_schedule_is_paused_resumed_and_ended(signed_in, account):
    schedule = schedule_of(a_pattern(account).id)["id"]
    signed_in.get("/console/schedules")
    for verb, status in (("pause", "paused"), ("resume", "active"), ("cancel", "cancelled")):
        signed_in.send(f"/console/schedules/{schedule}/{verb}")
        assert signed_in.status == 200
        assert read_schedule(asking(account.id), schedule).status == status


def test_a_key_that_may_only_read_sees_no_buttons_and_is_refused(browser, account):
    schedule = schedule_of(a_pattern(account).id)["id"]
    browser.sign_in(account, scopes=["read"])
    page = browser.get("/console/schedules")
    assert [form.action for form in page.forms] == ["/console/sign-out"]
    for verb in ("pause", "resume", "cancel"):
        answer = browser.client.post(f"/console/schedules/{schedule}/{verb}", data=dict(page.forms[0].fields))
        assert answer.status_code == 403


def test_another_account_sees_and_changes_nothing_of_it(browser, account):
    schedule = schedule_of(a_pattern(account, name="Theirs").id)["id"]
    browser.sign_in(an_account())
    page = browser.get("/console/schedules")
    assert "Theirs" not in page.text
    fields = dict(page.form("/console/sign-out").fields)
    for named in (schedule, "0"):
        assert browser.client.post(f"/console/schedules/{named}/pause", data=fields).status_code == 404
    assert read_schedule(asking(account.id), schedule).status == "active"


def test_a_name_with_a_script_in_it_is_text(signed_in, account):
    a_pattern(account, name=SCRIPT)
    signed_in.get("/console/schedules")
    assert signed_in.status == 200
    assert SCRIPT not in signed_in.answer.text
