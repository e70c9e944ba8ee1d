"""Stored texts in the console: stored, changed, taken into a campaign, deleted."""

import pytest

from dispatch.texts.stored import create_template, edit_template, list_templates, read_template
from tests.factories import an_account, asking

TEXTS, NEW = "/console/texts", "/console/campaigns/new"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def welcome(account):
    return create_template(asking(account.id), name="Welcome", body="Hello {first_name}")


def test_a_text_is_stored_and_a_campaign_written_with_it(signed_in, account):
    signed_in.get("/console/campaigns")
    assert "Stored texts" in signed_in.page.text
    signed_in.get(TEXTS)
    page = signed_in.send(f"{TEXTS}/new", {"name": "Welcome", "body": "Hello {first_name}", "channel": "whatsapp"})
    assert "The text is stored." in page.text
    [made] = list_templates(asking(account.id)).rows
    assert (made.name, made.body, made.channel) == ("Welcome", "Hello {first_name}", "whatsapp")
    form = signed_in.get(f"{NEW}?text={made.id}").form(NEW)
    assert (form["text"], form["channel"], form["stored_id"]) == ("Hello {first_name}", "whatsapp", str(made.id))


def test_another_text_becomes_a_new_version_and_the_old_one_is_still_shown(signed_in, account, welcome):
    address = f"{TEXTS}/{welcome.id}"
    signed_in.get(address)
    page = signed_in.send(address, {"body": "Line one\nHi {first_name}", "channel": "sms"})
    shown = read_template(asking(account.id), welcome.id)
    assert (shown.version, shown.body, shown.channel) == (2, "Line one\nHi {first_name}", "sms")
    assert "Version 1" in page.text
    assert "Hello {first_name}" in page.text


def test_two_tabs_that_change_different_fields_do_not_undo_each_other(signed_in, account, welcome):
    address = f"{TEXTS}/{welcome.id}"
    signed_in.get(address)
    edit_template(asking(account.id), welcome.id, body="Theirs")
    signed_in.send(address, {"name": "Mine"})
    shown = read_template(asking(account.id), welcome.id)
    assert (shown.name, shown.body) == ("Mine", "Theirs")


@pytest.mark.parametrize(
    ("typed", "status", "says"),
    [({"body": "Hi {nickname}"}, 400, "nickname"), ({"body": " "}, 400, "no text"), ({"name": "Taken"}, 409, "name")],
)
def test_what_cannot_be_stored_is_refused_and_stays_in_the_form(signed_in, account, welcome, typed, status, says):
    create_template(asking(account.id), name="Taken", body="x")
    for path, action in ((TEXTS, f"{TEXTS}/new"), (f"{TEXTS}/{welcome.id}", f"{TEXTS}/{welcome.id}")):
        signed_in.get(path)
        page = signed_in.send(action, {"name": "New", "body": "Fine", **typed})
        assert signed_in.status == status
        assert says in page.text
        assert {name: page.form(action)[name] for name in typed} == typed
    assert read_template(asking(account.id), welcome.id) == welcome


def test_a_deleted_text_is_gone(signed_in, account, welcome):
    signed_in.get(f"{TEXTS}/{welcome.id}")
    page = signed_in.send(f"{TEXTS}/{welcome.id}/delete")
    assert "No text is stored yet." in page.text
    signed_in.get(f"{TEXTS}/{welcome.id}")
    assert signed_in.status == 404


def test_a_script_in_a_stored_text_is_text(signed_in, account):
    made = create_template(asking(account.id), name=SCRIPT, body=SCRIPT)
    for path in (TEXTS, f"{TEXTS}/{made.id}"):
        assert SCRIPT in signed_in.get(path).text
        assert SCRIPT not in signed_in.answer.text


def test_the_texts_of_another_account_are_not_there_and_a_reader_changes_none(browser, account, welcome):
    theirs = create_template(asking(an_account().id), name="Theirs", body="Secret")
    browser.sign_in(account, scopes=["read"])
    page = browser.get(TEXTS)
    assert "Theirs" not in page.text
    assert [form.action for form in page.forms] == ["/console/sign-out"]
    page = browser.get(f"{TEXTS}/{welcome.id}")
    assert [form.action for form in page.forms] == ["/console/sign-out"]
    hidden = dict(page.forms[0].fields)
    for path in ("new", welcome.id, f"{welcome.id}/delete"):
        assert browser.client.post(f"{TEXTS}/{path}", data=hidden).status_code == 403
    browser.get(f"{TEXTS}/{theirs.id}")
    assert browser.status == 404
