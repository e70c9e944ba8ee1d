"""Writing a campaign in the console, with and without JavaScript, and what happens when something comes between."""

from datetime import UTC, datetime, timedelta

import pytest

from dispatch.campaigns.editing import edit_campaign
from dispatch.campaigns.reading import read_campaign
from models.database import row, rows, scalar
from tests.factories import a_campaign, a_key, a_list, a_segment, an_account, asking
from tests.stored import stored_rows

NEW = "/console/campaigns/new"
IN_A_WEEK = (datetime.now(UTC) + timedelta(days=7)).replace(second=0, microsecond=0)
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def people(account):
    """A list of three people."""
    return a_list(account, 3, name="Friends")


def campaigns():
    return rows("SELECT * FROM campaign ORDER BY id")


def test_a_campaign_is_written_previewed_and_saved(signed_in, people):
    signed_in.get(NEW)
    typed = {"name": "Spring", "text": "Hello {first_name}", "lists": str(people)}
    page = signed_in.send(NEW, typed, button="Preview")
    assert "3 people , 3 credits" in page.text
    assert "Hello First0" in page.text
    assert campaigns() == []
    page = signed_in.send(NEW, button="Save")
    assert "The campaign is saved" in page.text
    [saved] = campaigns()
    assert (saved["name"], saved["template"], saved["list_id"]) == ("Spring", "Hello {first_name}", people)
    assert scalar("SELECT count(*) FROM audit_event WHERE action = 'campaign.created'") == 1


def test_a_preview_keeps_nothing(signed_in, people):
    signed_in.get(NEW)
    before = stored_rows()
    signed_in.send(NEW, {"name": "x", "text": "Hello", "lists": str(people)}, button="Preview")
    assert "3 people" in signed_in.page.text
    assert stored_rows() == before


def test_several_lists_and_segments_minus_others_are_one_audience(signed_in, account, people):
    athens, others = a_segment(account, "location", "eq", "Athens"), a_list(account, 2)
    signed_in.get(NEW)
    typed = {"name": "x", "text": "Hello", "lists": [str(people)], "segments": str(athens), "except_lists": str(others)}
    page = signed_in.send(NEW, typed, button="Preview")
    assert "3 people" in page.text
    signed_in.send(NEW, button="Save")
    shown = read_campaign(asking(), campaigns()[0]["id"])
    assert shown.audience.kind == "combined"
    assert (shown.audience.include.lists, shown.audience.exclude.lists) == ([people], [others])
    page = signed_in.get(f"/console/campaigns/{shown.id}/edit")
    form = page.form(f"/console/campaigns/{shown.id}/edit")
    assert (form["lists"], form["segments"], form["except_lists"]) == (str(people), str(athens), str(others))


def test_the_character_that_makes_a_text_expensive_is_marked_and_replaced(signed_in, people):
    signed_in.get(NEW)
    typed = {"name": "x", "text": "It’s “spring”", "lists": str(people)}
    page = signed_in.send(NEW, typed, button="Preview")
    assert '<mark title="RIGHT SINGLE QUOTATION MARK">’</mark>' in signed_in.answer.text
    page = signed_in.send(NEW, button="Replace them")
    assert page.form(NEW)["text"] == 'It\'s "spring"'
    assert "more expensive" not in page.text
    assert campaigns() == []


def test_what_cannot_be_replaced_is_marked_without_a_button(signed_in):
    signed_in.get(NEW)
    page = signed_in.send(NEW, {"name": "x", "text": "Hi 🎉"}, button="Preview")
    assert "PARTY POPPER" in signed_in.answer.text
    assert "Replace them" not in page.form(NEW).buttons


@pytest.mark.parametrize(
    ("typed", "status", "says"),
    [
        ({"name": ""}, 400, "“Name”"),
        ({"text": "Hello {nickname}"}, 400, "nickname"),
        ({"when": "2001-01-01T09:00"}, 400, "future"),
        ({"when": "2030-01-01T09:00", "zone": "Mars/Base"}, 400, "no IANA time zone"),
        ({"when": "soon"}, 400, "is no date and time, like 2030-01-31T09:00"),
        ({"lists": "999"}, 404, "no such list"),
        ({"lists": [], "except_lists": "1"}, 400, "Choose who gets it"),
        ({"channel": "owl"}, 400, "“Channel” is one of"),
    ],
)
def test_a_refusal_is_shown_above_the_form_which_stays_filled(signed_in, people, typed, status, says):
    signed_in.get(NEW)
    right = {"name": "Spring", "text": "Hello {first_name}", "lists": str(people)}
    page = signed_in.send(NEW, right | typed, button="Save")
    assert signed_in.status == status
    assert says in page.text
    for name, value in (right | typed).items():
        if name in ("name", "text", "when", "zone"):
            assert page.form(NEW)[name] == value
    assert campaigns() == []


def test_a_campaign_is_scheduled_by_the_clocks_of_a_zone(signed_in, people):
    signed_in.get(NEW)
    typed = {"name": "x", "text": "Hello", "lists": str(people), "when": "2030-07-01T09:00", "zone": "Europe/Athens"}
    page = signed_in.send(NEW, typed, button="Preview")
    assert "1 Jul 2030, 09:00 EEST" in page.text
    assert "1 Jul 2030, 06:00 UTC" in page.text
    page = signed_in.send(NEW, button="Save")
    assert "The campaign is scheduled" in page.text
    assert campaigns()[0]["scheduled_at"].isoformat() == "2030-07-01T06:00:00+00:00"


def test_what_was_typed_comes_back_after_signing_in_again_and_nothing_was_saved(signed_in, account, people):
    signed_in.get(NEW)
    rows("UPDATE console_session SET ends_at = now() - interval '1 s'")
    typed = {"name": "Spring 'n' \"so\"", "text": "Line one\nΓειά {first_name} <3", "lists": str(people)}
    page = signed_in.send(NEW, typed, button="Save")
    assert signed_in.status == 401
    assert "What you typed is kept" in page.text
    page = signed_in.send("/console/sign-in", {"key": "cd_ac_wrong"})
    assert signed_in.status == 401
    page = signed_in.send("/console/sign-in", {"key": a_key(account)})
    assert "nothing has been changed or sent yet" in page.text
    page = signed_in.send(NEW)
    form = page.form(NEW)
    assert (form["name"], form["text"], form["lists"]) == (typed["name"], typed["text"], str(people))
    assert campaigns() == []
    signed_in.send(NEW, button="Save")
    assert campaigns()[0]["template"] == typed["text"]


def test_a_form_without_its_token_changes_nothing_and_what_was_typed_comes_back(signed_in, people):
    signed_in.get(NEW)
    page = signed_in.send(NEW, {"name": "Spring", "text": "Hello", "_token": "old"}, button="Save")
    assert signed_in.status == 403
    assert campaigns() == []
    page = signed_in.send(NEW)
    assert signed_in.status == 200
    assert page.form(NEW)["text"] == "Hello"
    assert campaigns() == []


def test_a_form_of_another_account_than_the_chosen_one_changes_nothing(browser, account):
    other = an_account(name="Other")
    browser.sign_in(None)

    def choose(wanted):
        page = browser.get("/console/account")
        [choice] = [form for form in page.forms if f"Work for {wanted.name}" in form.buttons]
        browser.client.post(choice.action, data=dict(choice.fields))

    choose(account)
    form = browser.get(NEW)
    choose(other)
    browser.page = form
    page = browser.send(NEW, {"name": "Spring", "text": "Hello"}, button="Save")
    assert browser.status == 403
    assert "changed to another account" in page.text
    assert campaigns() == []


def test_a_change_of_another_tab_is_not_written_over_and_nothing_typed_is_lost(signed_in, account):
    campaign = a_campaign(account, template="First")
    address = f"/console/campaigns/{campaign.id}/edit"
    signed_in.get(address)
    edit_campaign(asking(account.id), campaign.id, {"template": "Theirs"})
    page = signed_in.send(address, {"text": "Mine"}, button="Save")
    assert signed_in.status == 409
    assert "was changed after you opened it" in page.text
    assert "“Theirs”" in page.text
    assert page.form(address)["text"] == "Mine"
    assert campaigns()[0]["template"] == "Theirs"


@pytest.mark.parametrize(
    "theirs",
    [
        {"name": "Theirs"},
        {"expires_at": IN_A_WEEK},
        {"grace_sec": 600},
        {"scheduled_at": IN_A_WEEK},
    ],
    ids=lambda theirs: next(iter(theirs)),
)
def test_a_change_of_its_name_or_times_in_another_tab_is_not_written_over_either(signed_in, account, theirs):
    campaign = a_campaign(account, recipients=1, template="First")
    address = f"/console/campaigns/{campaign.id}/edit"
    signed_in.get(address)
    edit_campaign(asking(account.id), campaign.id, theirs)
    before = campaigns()
    page = signed_in.send(address, {"text": "Mine"}, button="Save")
    assert signed_in.status == 409
    assert "its name or its times are others now" in page.text
    assert page.form(address)["text"] == "Mine"
    assert campaigns() == before
    signed_in.get(address)
    signed_in.send(address, {"text": "Mine"}, button="Save")
    [saved] = campaigns()
    assert saved["template"] == "Mine"
    assert all(saved[name] == value for name, value in theirs.items())


def test_a_script_in_what_is_typed_is_text(signed_in, account):
    a_list(account, 1, name=SCRIPT)
    signed_in.get(NEW)
    page = signed_in.send(NEW, {"name": SCRIPT, "text": SCRIPT}, button="Preview")
    assert SCRIPT not in signed_in.answer.text
    assert page.form(NEW)["text"] == SCRIPT


def test_a_key_without_the_scope_to_write_has_no_form(browser, account):
    browser.sign_in(account, scopes=["read"])
    assert "New campaign" not in browser.page.text
    browser.get(NEW)
    assert browser.status == 403


def test_a_key_that_may_not_send_is_offered_no_time_and_refused_one(browser, account, people):
    browser.sign_in(account, scopes=["read", "write"])
    page = browser.get(NEW)
    assert "Starts at" not in page.text
    page = browser.send(
        NEW, {"name": "x", "text": "Hello", "lists": str(people), "when": "2030-01-01T09:00"}, button="Save"
    )
    assert browser.status == 403
    assert "lacks the scope send" in page.text


def test_a_test_is_sent_to_a_few_numbers(signed_in, account):
    campaign = a_campaign(account, recipients=1)
    signed_in.get(f"/console/campaigns/{campaign.id}")
    page = signed_in.send(f"/console/campaigns/{campaign.id}/test", {"numbers": "+306912345678, 12"})
    assert signed_in.status == 400
    assert page.form(f"/console/campaigns/{campaign.id}/test")["numbers"] == "+306912345678, 12"
    page = signed_in.send(f"/console/campaigns/{campaign.id}/test", {"numbers": "+306912345678"})
    assert "This is the test" in page.text
    assert row("SELECT phone FROM message") == {"phone": "+306912345678"}
