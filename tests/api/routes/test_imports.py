"""Imports over HTTP."""

from io import BytesIO
from uuid import uuid4

import pytest

from api.http.files import MAX_FILE
from dispatch import queues
from dispatch.formats.csv_records import NumberedLines
from dispatch.formats.headers import read_header
from jobs.queue_worker import QueueWorker
from models.database import rows
from tests.factories import an_account

FILE = "phone,first_name\n691 234 5678,Ελένη\n=1+1,Formula\n"
CSV, FORM = {"content_type": "text/csv"}, {"content_type": "multipart/form-data"}


@pytest.fixture
def account(db):
    return an_account(country="GR")


@pytest.fixture
def work(redis):
    """Runs everything in the queue, as a worker process does."""
    return lambda: QueueWorker(queues.PREPARE, name=f"worker-{uuid4().hex}", connection=redis).work(
        burst=True, logging_level=None
    )


def form(content=FILE, **fields):
    return {"data": {"file": (BytesIO(content.encode()), "customers.csv"), "list": "spring", **fields}}


def refused(answer, code, says=""):
    assert answer.json["error"]["code"] == code, answer.json
    assert says in answer.json["error"]["message"]
    assert rows("SELECT 1 FROM customer_import") == rows("SELECT 1 FROM customer_list") == []


def test_a_form_is_imported_and_its_rejected_lines_can_be_downloaded(call, work):
    taken = call("POST", "/api/imports", **form())
    assert (taken.status_code, taken.json["status"]) == (202, "queued")
    assert (taken.json["list_name"], taken.json["file_name"]) == ("spring", "customers.csv")
    work()
    path = f"/api/imports/{taken.json['id']}"
    done = call("GET", path).json
    assert (done["status"], done["imported"], done["updated"], done["rejected"]) == ("done", 1, 0, 1)
    assert call("GET", "/api/imports").json["data"] == [done]
    download = call("GET", f"{path}/rejections")
    assert download.headers["Content-Disposition"] == f'attachment; filename="import-{done["id"]}-rejections.csv"'
    assert download.mimetype == "text/csv"
    assert download.text == (
        "\ufeffphone,first_name,rejected_line,rejected_reason,rejected_text\r\n'=1+1,Formula,3,phone: not a number,\r\n"
    )


def test_a_csv_body_is_accepted_with_its_list_in_the_query(call, work):
    query = {"list": "summer", "country": "us", "filename": "people.csv"}
    taken = call("POST", "/api/imports", data="phone\n(202) 555-0123\n", query_string=query, **CSV)
    assert (taken.status_code, taken.json["country"], taken.json["file_name"]) == (202, "US", "people.csv")
    work()
    assert rows("SELECT phone FROM customer") == [{"phone": "+12025550123"}]
    assert rows("SELECT name FROM customer_list") == [{"name": "summer"}]


def test_a_file_sent_twice_changes_nothing(call, work):
    for counts in ((1, 0, 1), (0, 1, 1)):
        import_id = call("POST", "/api/imports", **form()).json["id"]
        work()
        done = call("GET", f"/api/imports/{import_id}").json
        assert (done["imported"], done["updated"], done["rejected"]) == counts
    assert len(rows("SELECT 1 FROM customer")) == len(rows("SELECT 1 FROM list_member")) == 1


def test_a_file_larger_than_any_other_body_is_accepted(call, work):
    lines = "".join(f"69{n:08d},{'x' * 200}\n" for n in range(8_000))
    taken = call("POST", "/api/imports", **form("phone,tier\n" + lines))
    assert taken.status_code == 202
    assert taken.json["size"] > 1_500_000
    work()
    assert call("GET", f"/api/imports/{taken.json['id']}").json["imported"] == 8_000
    too_large = call(
        "POST", "/api/customers", data=b'{"phone": "' + b"1" * 2**20 + b'"}', content_type="application/json"
    )
    assert too_large.json["error"]["code"] == "PAYLOAD_TOO_LARGE"
    assert "1 MiB" in too_large.json["error"]["message"]


@pytest.mark.parametrize("as_form", [True, False])
def test_a_file_that_is_too_large_is_refused(call, as_form):
    content = b"phone\n" + b"x" * MAX_FILE
    body = {"data": {"file": (BytesIO(content), "a.csv"), "list": "x"}} if as_form else {"data": content, **CSV}
    refused(call("POST", "/api/imports?list=x", **body), "PAYLOAD_TOO_LARGE", "64 MiB")


@pytest.mark.parametrize(
    ("sent", "code", "says"),
    [
        (form(""), "INVALID_REQUEST", "empty"),
        (form("name\nAnn\n"), "INVALID_REQUEST", "phone"),
        (form(list=""), "INVALID_REQUEST", "list"),
        (form(list="a\0b"), "INVALID_REQUEST", "control"),
        (form(country="XX"), "INVALID_REQUEST", "country"),
        ({"data": {"list": "spring"}, "content_type": "multipart/form-data"}, "INVALID_REQUEST", "file"),
        (
            {"data": {"list": "spring", "file": "phone"}, "content_type": "multipart/form-data"},
            "INVALID_REQUEST",
            "file",
        ),
        ({"data": b"phone\n", "content_type": "multipart/form-data"}, "INVALID_REQUEST", "list"),
        ({"data": FILE, **CSV}, "INVALID_REQUEST", "list"),
        ({"data": FILE, "query_string": {"list": "x", "lst": "y"}, **CSV}, "INVALID_REQUEST", "lst"),
        ({"data": b"", "query_string": {"list": "x"}, **CSV}, "INVALID_REQUEST", "empty"),
        ({"json": {"list": "x"}, "query_string": {"list": "x"}}, "UNSUPPORTED_MEDIA_TYPE", "text/csv"),
        ({"data": FILE, "query_string": {"list": "x"}}, "UNSUPPORTED_MEDIA_TYPE", "text/csv"),
    ],
    ids=range(13),
)
def test_an_invalid_import_is_refused_and_changes_nothing(call, sent, code, says):
    refused(call("POST", "/api/imports", **sent), code, says)


@pytest.mark.parametrize("names", ["", 'filename="a.csv"'])
def test_a_part_without_a_name_is_ignored(call, names):
    """Repeated, too: the key compares the parts by their names."""
    parts = [("form-data; " + names).strip("; "), 'form-data; name="list"']
    body = "".join(f"--x\r\nContent-Disposition: {part}\r\n\r\nspring\r\n" for part in parts) + "--x--\r\n"
    sent = {"data": body.encode(), "content_type": "multipart/form-data; boundary=x"}
    for key in ({}, {"headers": {"Idempotency-Key": "1"}}):
        refused(call("POST", "/api/imports", **sent, **key), "INVALID_REQUEST", "file")


def test_another_accounts_import_is_not_found(call, as_account):
    import_id = call("POST", "/api/imports", **form()).json["id"]
    other = as_account(an_account())
    for path in (f"/api/imports/{import_id}", f"/api/imports/{import_id}/rejections", "/api/imports/987654"):
        answer = other("GET", path)
        assert (answer.status_code, answer.json["error"]["code"]) == (404, "RESOURCE_NOT_FOUND")
    assert other("GET", "/api/imports").json["data"] == []


def test_a_key_that_may_only_read_imports_nothing(account, as_account):
    refused(as_account(account, scopes=["read"])("POST", "/api/imports", **form()), "FORBIDDEN")


def test_an_operator_names_the_account(account, as_account):
    operator = as_account(None)
    refused(operator("POST", "/api/imports", **form()), "INVALID_REQUEST", "organization_id")
    taken = operator("POST", f"/api/imports?organization_id={account.id}", **form())
    assert taken.json["account_id"] == str(account.id)


def test_the_audit_trail_says_who_imported_what(call):
    import_id = call("POST", "/api/imports", headers={"X-Request-ID": "abc"}, **form()).json["id"]
    [event] = rows("SELECT subject, request_id FROM audit_event WHERE action = 'import.queued'")
    assert event == {"subject": str(import_id), "request_id": "abc"}


@pytest.mark.parametrize("as_form", [True, False])
def test_a_file_sent_again_under_its_key_is_imported_once(call, work, as_form):
    def send(content=FILE):
        body = form(content) if as_form else {"data": content, "query_string": {"list": "spring"}, **CSV}
        return call("POST", "/api/imports", headers={"Idempotency-Key": "abc"}, **body)

    first, again = send(), send()
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json == first.json
    assert send("phone\n6900000001\n").json["error"]["code"] == "IDEMPOTENCY_MISMATCH"
    work()
    assert call("GET", f"/api/imports/{first.json['id']}").json["status"] == "done"
    assert len(rows("SELECT 1 FROM customer_import")) == 1


def test_the_mapping_of_an_import_is_what_the_command_line_says_of_the_file(call):
    file = 'Mobile,json:age,attribute:Shoe Size,"attribute:"" x""",Tier,,rejected_line,rejected_reason,rejected_text\n'
    taken = call("POST", "/api/imports", data=file + "6912345678\n", query_string={"list": "x"}, **CSV).json
    assert taken["mapping"] == read_header(NumberedLines([file])).mapping
    assert taken["mapping"] == {
        "Mobile": "phone",
        "json:age": "age",
        "attribute:Shoe Size": "Shoe Size",
        'attribute:" x"': " x",
        "Tier": "tier",
    }


def test_the_names_of_the_first_line_and_the_encoding_can_be_told(call, work):
    greek = "Επαφή,Vorname\n6912345678,Ελένη\n".encode("cp1253")
    options = {"mapping": '{"phone": "Επαφή"}', "encoding": "windows-1253"}
    for wrong in ({}, {"encoding": "windows-1253"}, {**options, "mapping": "[]"}, {**options, "encoding": "nope"}):
        refused(call("POST", "/api/imports", data=greek, query_string={"list": "x", **wrong}, **CSV), "INVALID_REQUEST")
    taken = call("POST", "/api/imports", data=greek, query_string={"list": "x", **options}, **CSV).json
    assert taken["mapping"] == {"Επαφή": "phone", "Vorname": "first_name"}
    work()
    assert call("GET", f"/api/imports/{taken['id']}").json["imported"] == 1
    assert rows("SELECT phone, first_name FROM customer") == [{"phone": "+306912345678", "first_name": "Ελένη"}]
    data = {"file": (BytesIO(greek), "people.csv"), "list": "x", **options}
    assert call("POST", "/api/imports", data=data, **FORM).json["mapping"] == taken["mapping"]
    path = "/api/suppressions/import"
    assert call("POST", path, data=greek, query_string=options, **CSV).json["added"] == 1


def test_a_job_reads_every_column_as_it_was_understood_when_the_file_came(call, work):
    file = 'phone,attribute:Tier,attribute:TIER,"json:a ""b""",Mobile\n6912345678,1,2,3,4\n'
    call("POST", "/api/imports", data=file, query_string={"list": "x"}, **CSV)
    work()
    attributes = {"Tier": "1", "TIER": "2", 'a "b"': 3, "mobile": "4"}
    assert rows("SELECT attributes FROM customer") == [{"attributes": attributes}]


def test_an_import_can_be_cancelled(call):
    made = call("POST", "/api/imports", **form()).json
    assert call("POST", f"/api/imports/{made['id']}/cancel").json["status"] == "cancelled"
    again = call("POST", f"/api/imports/{made['id']}/cancel")
    assert (again.status_code, again.json["error"]["code"]) == (409, "INVALID_STATUS")
