"""Imports in the browser."""

from io import BytesIO
from uuid import uuid4

import pytest

from dispatch import queues
from jobs.queue_worker import QueueWorker
from models.database import rows, scalar
from tests.factories import an_account

FILE = "phone,first_name\n+306912345678,Maria\n12,Wrong\n"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def work(redis):
    """Runs everything in the queue, as a worker process does."""
    return lambda: QueueWorker(queues.PREPARE, name=f"worker-{uuid4().hex}", connection=redis).work(
        burst=True, logging_level=None
    )


def upload(browser, content=FILE, name="customers.csv", button=None, **typed):
    """Sends the form of the page with this file."""
    browser.get("/console/imports")
    raw = content if isinstance(content, bytes) else content.encode()
    form = browser.page.form("/console/imports/new")
    data = dict(form.fields) | {"list": "Regulars"} | typed | {"file": (BytesIO(raw), name)}
    if button:
        data |= dict([form.buttons[button]])
    return browser._shown(browser.client.post("/console/imports/new", data=data, follow_redirects=True))


def test_a_file_is_imported_watched_and_its_rejected_lines_are_downloaded(signed_in, account, work):
    page = upload(signed_in)
    assert "queued" in page.text
    live = next(given["data-live"] for _, given in page.tags if "data-live" in given)
    work()
    page = signed_in.get(live)
    assert "done" in page.text
    assert "100 percent" in signed_in.answer.text
    assert "New customers 1" in page.text
    path = next(given["href"] for tag, given in page.tags if tag == "a" and "rejected" in given["href"])
    assert "12,Wrong" in signed_in.client.get(path).text.replace("'", "")
    assert "Regulars" in signed_in.get("/console/imports").text
    assert scalar("SELECT first_name FROM customer") == "Maria"


def test_an_import_that_is_only_tried_changes_nothing(signed_in, work):
    page = upload(signed_in, button="Only try it")
    work()
    assert "only tried" in page.text
    assert rows("SELECT 1 FROM customer") == rows("SELECT 1 FROM customer_list") == []


def test_a_column_with_another_name_is_named_in_the_form(signed_in, work):
    page = upload(signed_in, "Wem,Vorname\n+306912345678,Maria\n")
    assert signed_in.status == 400
    assert "Columns with other names" in page.text
    assert "--map" not in page.text
    assert "HTTP" not in page.text
    assert page.form("/console/imports/new")["list"] == "Regulars"
    page = upload(signed_in, "Wem,Vorname\n+306912345678,Maria\n", map_phone="Wem")
    work()
    assert "Wem phone" in page.text
    assert scalar("SELECT phone FROM customer") == "+306912345678"


def test_people_who_were_not_asked_for_consent_are_counted(signed_in, work):
    page = upload(signed_in, "phone,consent\n+306912345678,NEVER_SUBSCRIBED\n+306912345679,yes\n")
    live = next(given["data-live"] for _, given in page.tags if "data-live" in given)
    work()
    assert "Not asked for consent; unsubscribed if new 1" in signed_in.get(live).text


def test_a_column_that_only_suggests_a_consent_is_asked_about_and_is_made_an_attribute_in_the_form(signed_in, work):
    file = "phone,Blocked,Cookie consent\n+306912345678,no,yes\n"
    page = upload(signed_in, file, button="Only try it")
    assert signed_in.status == 400
    assert "Blocked and Cookie consent may each be the consent" in page.text
    upload(signed_in, file, attributes="Blocked\n Cookie consent \n")
    work()
    assert scalar("SELECT attributes FROM customer") == {"Blocked": "no", "Cookie consent": "yes"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04" + b"0" * 100, "Excel workbook"),
        (b"%PDF-1.4 0000", "a PDF"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"", "The file is empty"),
        (b"hello\nworld\n", "must name the columns"),
        (b"phone,first_name\n+306912345678,\xcc\xe1\xf1\xdf\xe1\n", "Encoding"),
    ],
)
def test_a_file_that_is_no_csv_is_refused_in_clear_words_and_the_rest_of_the_form_stays(signed_in, content, says):
    page = upload(signed_in, content)
    assert signed_in.status == 400
    assert says in page.text
    assert page.form("/console/imports/new")["list"] == "Regulars"
    assert rows("SELECT 1 FROM customer_import") == []


@pytest.mark.parametrize(("typed", "says"), [({"list": ""}, "Name the list"), ({"name": ""}, "Choose a file")])
def test_what_is_missing_is_said(signed_in, typed, says):
    page = upload(signed_in, **typed)
    assert signed_in.status == 400
    assert says in page.text


def test_numbers_are_suppressed_from_a_file(signed_in, work):
    upload(signed_in, "phone\n+306912345678\n", kind="suppressions", list="")
    work()
    assert "Suppressed now 1" in signed_in.get(page_address(signed_in)).text
    assert scalar("SELECT phone FROM suppression") == "+306912345678"


def page_address(browser):
    return browser.answer.request.path


def test_an_import_is_stopped_and_its_record_deleted(signed_in):
    upload(signed_in)
    path = page_address(signed_in)
    assert "stopped" in signed_in.send(f"{path}/cancel").text
    assert "is deleted" in signed_in.send(f"{path}/delete").text
    assert rows("SELECT 1 FROM customer_import") == []


def test_a_key_that_may_only_read_imports_nothing(browser, account):
    browser.sign_in(account, scopes=["read"])
    page = browser.get("/console/imports")
    assert [form.action for form in page.forms] == ["/console/sign-out"]
    data = dict(page.forms[0].fields) | {"list": "x", "file": (BytesIO(FILE.encode()), "x.csv")}
    assert browser.client.post("/console/imports/new", data=data).status_code == 403
    assert rows("SELECT 1 FROM customer_import") == []


def test_another_account_sees_nothing_of_it(signed_in, browser):
    upload(signed_in, name="theirs.csv")
    path = page_address(signed_in)
    browser.sign_in(an_account())
    assert "theirs" not in browser.get("/console/imports").text
    for each in ("", "/live", "/rejected.csv"):
        assert browser.client.get(f"{path}{each}").status_code == 404
    fields = dict(browser.get("/console/imports").form("/console/sign-out").fields)
    assert browser.client.post(f"{path}/cancel", data=fields).status_code in (404, 409)
    assert scalar("SELECT status FROM customer_import") == "queued"


def test_a_name_with_a_script_in_it_is_text(signed_in):
    upload(signed_in, f"phone,{SCRIPT}\n+306912345678,x\n", name=f"{SCRIPT}.csv", list=SCRIPT)
    assert signed_in.status == 200
    for path in (page_address(signed_in), "/console/imports"):
        signed_in.get(path)
        assert SCRIPT not in signed_in.answer.text
