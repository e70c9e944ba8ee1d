"""Segments in the browser, built from rows."""

import pytest

from dispatch.audience.segments import list_segments, read_segment
from dispatch.customers.customers import create_customer
from tests.factories import a_segment, an_account, asking

SCRIPT = "<script>alert(1)</script>"
NEW = "/console/segments/new"


def people(account):
    for n, (name, age) in enumerate((("Μαρία", 30), ("John", 20), ("Eleni", 41))):
        create_customer(asking(account.id), phone=f"+30691234567{n}", first_name=name, attributes={"age": age})


def built(browser, *rows, button="Save", **typed):
    """Fills as many rows of the form as are given."""
    browser.get(NEW)
    for _ in rows[1:]:
        browser.send(NEW, button="Another condition")
    names = ("field", "operator", "value", "fold")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    return browser.send(NEW, columns | {"name": "Older"} | typed, button=button)


def test_a_segment_is_built_from_rows_counted_and_stored(signed_in, account):
    people(account)
    rows = [("attributes.age", "gte", "25", "alike"), ("first_name", "in", "μαρια, John", "alike")]
    page = built(signed_in, *rows, button="Count")
    assert "1 person gets a campaign" in page.text
    assert list_segments(asking(account.id)).rows == []
    page = built(signed_in, *rows)
    assert "The segment is saved" in page.text
    [made] = list_segments(asking(account.id)).rows
    assert [each.value for each in made.filter.conditions] == [25, ["μαρια", "John"]]
    assert "1 person" in signed_in.get(f"/console/segments/{made.id}/count").text
    page = signed_in.get(f"/console/segments/{made.id}")
    assert page.form(f"/console/segments/{made.id}")["name"] == "Older"
    names = ("field", "operator", "value", "fold")
    shown = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    signed_in.send(f"/console/segments/{made.id}", shown | {"name": "Renamed"}, button="Save")
    assert read_segment(asking(account.id), made.id).filter == made.filter
    assert read_segment(asking(account.id), made.id).name == "Renamed"


@pytest.mark.parametrize(
    "row",
    [("first_name", "gte", "", "alike"), ("consent", "contains", "x", "alike"), ("created_at", "eq", "soon", "alike")],
)
def test_a_row_that_cannot_be_is_said_and_what_was_typed_stays(signed_in, account, row):
    page = built(signed_in, row, name="")
    assert signed_in.status == 400
    assert page.form(NEW)["field"] == row[0]
    assert page.form(NEW)["operator"] == row[1]
    assert list_segments(asking(account.id)).rows == []


@pytest.mark.parametrize(
    "condition",
    [
        ("attributes.age", "eq", 18),
        ("attributes.code", "eq", "0123"),
        ("attributes.vip", "eq", True),
        ("attributes.size", "gt", 1.5),
        ("location", "is_null"),
        ("consent", "eq", "subscribed"),
        ("created_at", "in_last_days", 30),
        ("created_at", "gt", "2030-01-31T09:00:00+00:00"),
        ("attributes.birthday", "before", "2030-01-31"),
        ("received_campaign", "in_last_days", 7),
        ("zone", "in", ["Europe/Athens", "Europe/Berlin"]),
    ],
)
def test_saving_what_is_shown_changes_nothing(signed_in, account, condition):
    segment = a_segment(account, *condition)
    before = read_segment(asking(account.id), segment).filter
    page = signed_in.get(f"/console/segments/{segment}")
    signed_in.send(f"/console/segments/{segment}", button="Save")
    assert signed_in.status == 200, page.text
    assert read_segment(asking(account.id), segment).filter == before


def test_a_value_that_the_rows_cannot_show_is_not_offered_for_change(signed_in, account):
    segment = a_segment(account, "location", "in", ["Athens, Center"])
    page = signed_in.get(f"/console/segments/{segment}")
    assert "these rows cannot show" in page.text
    assert not any(form.action == f"/console/segments/{segment}" for form in page.forms)


def test_a_segment_is_deleted(signed_in, account):
    segment = a_segment(account, "location", "is_null")
    signed_in.get(f"/console/segments/{segment}")
    assert "is deleted" in signed_in.send(f"/console/segments/{segment}/delete").text


def test_a_key_that_may_only_read_changes_nothing(browser, account):
    segment = a_segment(account, "location", "is_null", name="Ours")
    browser.sign_in(account, scopes=["read"])
    page = browser.get(f"/console/segments/{segment}")
    assert "Save" not in page.text
    fields = dict(page.form("/console/sign-out").fields)
    for path in (NEW, f"/console/segments/{segment}", f"/console/segments/{segment}/delete"):
        assert browser.client.post(path, data=fields).status_code == 403
    assert read_segment(asking(account.id), segment).name == "Ours"


def test_another_account_sees_nothing_of_it(browser, account):
    segment = a_segment(account, "location", "is_null", name="Theirs")
    browser.sign_in(an_account())
    assert "Theirs" not in browser.get("/console/segments").text
    for path in ("", "/count"):
        assert browser.client.get(f"/console/segments/{segment}{path}").status_code == 404


def test_a_name_with_a_script_in_it_is_text(signed_in, account):
    segment = a_segment(account, f"attributes.{SCRIPT}", "eq", SCRIPT, name=SCRIPT)
    for path in ("/console/segments", f"/console/segments/{segment}"):
        signed_in.get(path)
        assert signed_in.status == 200
        assert SCRIPT not in signed_in.answer.text


def test_a_key_that_only_reads_sees_conditions_that_cannot_be_changed(browser, account):
    segment = a_segment(account, "location", "eq", "Athens")
    browser.sign_in(account, scopes=["read"])
    page = browser.get(f"/console/segments/{segment}")
    assert [tag for tag, given in page.tags if "disabled" in given] == ["fieldset"]
    assert "Save" not in page.text
    assert "Athens" in browser.answer.text


def test_what_is_wrong_with_a_row_is_said_as_the_form_counts_and_a_form_sent_in_part_is_refused(signed_in):
    signed_in.get(NEW)
    page = signed_in.send(NEW, {"name": "x", "field": "phone", "operator": "eq", "value": "abc"}, button="Save")
    assert "Condition 1: " in page.text
    assert "filter." not in page.text
    form = dict(page.form(NEW).fields)
    answer = signed_in.client.post(NEW, data={**form, "field": ["phone", "name"], "value": ["1", "2"], "do": "save"})
    assert answer.status_code == 400
    assert "not sent as a whole" in answer.text
