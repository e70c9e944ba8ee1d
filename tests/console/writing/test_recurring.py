"""Recurring campaigns and the limits of any, written in the console."""

from datetime import UTC, datetime

import pytest

from api.console.campaign_form.repeated import Repeated
from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.schedule_view import Repeats
from dispatch.schedules.schedules import edit_schedule
from models.database import rows
from tests.factories import a_campaign, a_list, asking
from tests.recurring import a_pattern, schedule_of

NEW = "/console/campaigns/new"


@pytest.fixture
def people(account):
    return a_list(account, 3, name="Friends")


@pytest.fixture
def typed(people):
    """A campaign that could be saved, but for when."""
    return {"name": "Weekly", "text": "Hello", "lists": str(people), "zone": "Europe/Athens"}


def campaigns():
    return rows("SELECT * FROM campaign ORDER BY id")


def address_of(campaign):
    return f"/console/campaigns/{campaign.id}/edit"


@pytest.mark.parametrize(
    ("how", "expression", "description"),
    [
        ({"repeats": "daily", "repeats_at": "9:30"}, "30 9 * * *", "every day at 09:30"),
        (
            {"repeats": "weekly", "repeats_at": "09:00", "repeats_on": ["THU", "MON"]},
            "0 9 * * MON,THU",
            "every Monday and Thursday at 09:00",
        ),
        ({"repeats": "monthly", "repeats_at": "18:05", "repeats_day": "l"}, "5 18 L * *", "on the last day of every"),
        ({"repeats": "cron", "cron": " 0  9 * * MON#1 "}, "0 9 * * MON#1", "cron 0 9 * * MON#1"),
    ],
)
def test_a_campaign_is_made_recurring_after_its_next_times_were_shown(signed_in, typed, how, expression, description):
    signed_in.get(NEW)
    page = signed_in.send(NEW, {**typed, **how, "most": "10"}, button="Preview")
    assert description in page.text
    assert "The next times" in page.text
    assert campaigns() == []
    page = signed_in.send(NEW, button="Save")
    assert "starts by itself, again and again" in page.text
    assert description in page.text
    [made] = campaigns()
    schedule = schedule_of(made["id"])
    assert (made["status"], schedule["cron_expression"], schedule["timezone"]) == (
        "recurring", expression, "Europe/Athens"
    )  # fmt: skip
    assert (schedule["max_runs"], schedule["misfire"]) == (10, "skip")


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"repeats": "weekly"}, "Tick the days of the week"),
        ({"repeats": "daily", "repeats_at": "25:00"}, "like 09:00"),
        ({"repeats": "daily", "repeats_at": ""}, "like 09:00"),
        ({"repeats": "monthly", "repeats_day": "32"}, "1 to 31"),
        ({"repeats": "monthly", "repeats_day": "0"}, "1 to 31"),
        ({"repeats": "cron", "cron": "whenever"}, "“Cron expression”"),
        ({"repeats": "cron", "cron": ""}, "“Cron expression”"),
        ({"repeats": "cron", "cron": "0 9 31 2 *"}, "“Cron expression”"),
        ({"repeats": "daily", "most": "many"}, "whole number"),
        ({"repeats": "daily", "most": "0"}, "“Ends after so many times”"),
        ({"repeats": "daily", "zone": "Mars/Base"}, "no IANA time zone"),
        ({"repeats": "daily", "when": "2030-01-01T09:00"}, "clear one of the two"),
        ({"repeats": "daily", "lists": []}, "needs an audience"),
        ({"repeats": "daily", "text": ""}, "needs a text"),
        ({"local_time": "late"}, "own clock” is a time of day"),
        ({"send_window": "always"}, "“Only on these days and hours”"),
        ({"holidays": "XX"}, "holidays"),
        ({"expires": "2001-01-01T00:00"}, "future"),
        ({"grace": "long"}, "whole number"),
    ],
)
def test_times_that_cannot_be_used_are_refused_and_stay_in_the_form(signed_in, typed, how, says):
    signed_in.get(NEW)
    page = signed_in.send(NEW, {**typed, **how}, button="Save")
    assert signed_in.status == 400
    assert says in page.text
    form = page.form(NEW)
    assert {name: form[name] for name in how if name != "lists"} == {k: v for k, v in how.items() if k != "lists"}
    assert campaigns() == []


def test_a_draft_becomes_recurring_and_its_times_are_changed_later(signed_in, account, people):
    campaign = a_campaign(account, list_id=people)
    address = address_of(campaign)
    signed_in.get(address)
    signed_in.send(address, {"text": "Hello again", "repeats": "daily", "repeats_at": "10:00"}, button="Save")
    assert schedule_of(campaign.id)["cron_expression"] == "0 10 * * *"
    form = signed_in.get(address).form(address)
    assert (form["repeats"], form["repeats_at"], form["text"]) == ("daily", "10:00", "Hello again")
    assert "when" not in dict(form.fields)
    signed_in.send(address, {"repeats": "weekly", "repeats_on": ["SUN"], "late": "run_once"}, button="Save")
    schedule = schedule_of(campaign.id)
    assert (schedule["cron_expression"], schedule["misfire"]) == ("0 10 * * SUN", "run_once")
    assert [each["status"] for each in campaigns()] == ["recurring"]


def test_a_change_of_the_text_alone_leaves_the_times_alone(signed_in, account):
    campaign = a_pattern(account, schedule={"cron_expression": "5 4 * * 1", "timezone": "Asia/Tokyo"})
    before = schedule_of(campaign.id)
    signed_in.get(address_of(campaign))
    signed_in.send(address_of(campaign), {"text": "New words"}, button="Save")
    assert read_campaign(asking(), campaign.id).base_template == "New words"
    assert schedule_of(campaign.id) == before


def test_times_that_another_tab_changed_are_not_written_over_and_nothing_typed_is_lost(signed_in, account):
    campaign = a_pattern(account)
    address = address_of(campaign)
    signed_in.get(address)
    edit_schedule(asking(account.id), campaign.schedule.id, {"cron_expression": "0 12 * * *"})
    page = signed_in.send(address, {"text": "Mine", "repeats_at": "08:00"}, button="Save")
    assert signed_in.status == 409
    assert "every day at 12:00" in page.text
    form = page.form(address)
    assert (form["text"], form["repeats_at"]) == ("Mine", "08:00")
    assert read_campaign(asking(), campaign.id).base_template == campaign.base_template


def test_a_text_that_another_tab_changed_keeps_the_times_from_being_changed_too(signed_in, account):
    campaign = a_pattern(account)
    address = address_of(campaign)
    signed_in.get(address)
    edit_campaign(asking(account.id), campaign.id, {"template": "Theirs"})
    signed_in.send(address, {"repeats_at": "08:00"}, button="Save")
    assert signed_in.status == 409
    assert schedule_of(campaign.id)["cron_expression"] == "0 9 * * *"


@pytest.mark.parametrize(
    ("expression", "how"),
    [
        ("0 9 * * *", "daily"),
        ("0 9 * * 1,3", "weekly"),
        ("0 9 * * sun", "weekly"),
        ("0 9 31 * *", "monthly"),
        ("0 9 L * *", "monthly"),
        ("0 9,18 * * *", "cron"),
        ("0 9 1 1 *", "cron"),
        ("0 9 1 * 1", "cron"),
        ("*/5 * * * *", "cron"),
        ("0 9 * * 1-5", "cron"),
        ("@daily", "cron"),
    ],
)
def test_an_expression_is_shown_as_days_and_a_time_where_it_is_such(expression, how):
    repeats = Repeats(cron_expression=expression, timezone="UTC", misfire="skip")
    shown = Repeated.of(repeats)
    assert shown.how == how
    again = shown.chosen("UTC").cron_expression
    names = str.maketrans({"1": "MON", "3": "WED"}) if how == "weekly" else {}
    assert again == (expression if how == "cron" else expression[:8] + expression[8:].translate(names).upper())


def test_the_hours_in_which_people_are_reached_are_written_and_shown_again(signed_in, typed):
    signed_in.get(NEW)
    limits = {"send_window": "Mon-Fri 09:00-18:00", "holidays": "GR", "grace": "90", "expires": "2031-01-01T12:00"}
    signed_in.send(NEW, typed | limits, button="Save")
    [made] = campaigns()
    assert (made["send_window"], made["holidays"], made["grace_sec"]) == ("Mon-Fri 09:00-18:00", "GR", 5400)
    assert made["expires_at"] == datetime(2031, 1, 1, 10, tzinfo=UTC)
    address = f"/console/campaigns/{made['id']}/edit"
    form = signed_in.get(address).form(address)
    assert {name: form[name] for name in ("send_window", "holidays", "grace")} == {
        name: limits[name] for name in ("send_window", "holidays", "grace")
    }
    signed_in.send(address, {"holidays": "", "text": "Hi"}, button="Save")
    [changed] = campaigns()
    assert (changed["holidays"], changed["send_window"], changed["expires_at"]) == (
        None, "Mon-Fri 09:00-18:00", made["expires_at"]
    )  # fmt: skip


def test_seconds_of_an_expiry_that_the_form_cannot_show_survive_a_change_of_the_text(signed_in, account):
    ends = datetime(2031, 1, 1, 10, 0, 30, tzinfo=UTC)
    campaign = a_campaign(account, recipients=1, expires_at=ends)
    signed_in.get(address_of(campaign))
    signed_in.send(address_of(campaign), {"text": "New"}, button="Save")
    assert read_campaign(asking(), campaign.id).expires_at == ends


def test_a_key_that_may_not_send_changes_a_draft_without_losing_its_limits(browser, account, people):
    campaign = a_campaign(account, list_id=people, holidays="GR", send_window="Mon-Fri 09:00-18:00")
    browser.sign_in(account, scopes=["read", "write"])
    page = browser.get(address_of(campaign))
    assert "Start it again and again" not in page.text
    browser.send(address_of(campaign), {"text": "New"}, button="Save")
    shown = read_campaign(asking(), campaign.id)
    assert (shown.base_template, shown.holidays, shown.send_window) == ("New", "GR", "Mon-Fri 09:00-18:00")
