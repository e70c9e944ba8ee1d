"""Suppressed numbers over HTTP."""

import csv
from io import BytesIO, StringIO

import pytest

from models.database import rows
from tests.dispatch.customers.importing import run
from tests.factories import an_account

PHONE = "+306912345678"


@pytest.fixture
def account(db):
    return an_account(country="GR")


def suppressed():
    return [each["phone"] for each in rows("SELECT phone FROM suppression ORDER BY id")]


def refused(answer, status, code, says=""):
    assert (answer.status_code, answer.json["error"]["code"]) == (status, code), answer.json
    assert says in answer.json["error"]["message"]


def test_a_number_is_suppressed_once_and_can_be_removed(call):
    made = call("POST", "/api/suppressions", json={"phone": "691 234 5678", "reason": "complaint"})
    assert made.status_code == 201
    assert {key: made.json[key] for key in ("phone", "reason", "source")} == {
        "phone": PHONE,
        "reason": "complaint",
        "source": "api",
    }
    again = call("POST", "/api/suppressions", json={"phone": PHONE})
    assert (again.status_code, again.json) == (200, made.json)
    assert call("GET", "/api/suppressions").json["data"] == [made.json]
    assert call("DELETE", f"/api/suppressions/{made.json['id']}").status_code == 204
    assert suppressed() == []
    trail = rows("SELECT * FROM audit_event WHERE action LIKE 'suppression.%'")
    assert [event["action"] for event in trail] == ["suppression.added", "suppression.removed"]
    assert PHONE not in str(trail)


def test_suppressions_are_paged_and_searched(call):
    for n in range(5):
        call("POST", "/api/suppressions", json={"phone": f"690000000{n}", "reason": f"Reason {n}"})
    page = call("GET", "/api/suppressions?page=2&page_size=2").json
    assert [each["phone"][-1] for each in page["data"]] == ["2", "1"]
    for q, found in (("0000003", ["3"]), ("reason 4", ["4"]), ("%", [])):
        data = call("GET", "/api/suppressions", query_string={"q": q}).json["data"]
        assert [each["phone"][-1] for each in data] == found


def test_a_list_of_numbers_is_suppressed_and_unreadable_ones_are_named(call):
    body = {"phones": [PHONE, "691 234 5679", "+30 691 234 5678", "call me", ""], "reason": "moved"}
    report = call("POST", "/api/suppressions/import", json=body)
    assert report.json == {
        "added": 2,
        "known": 1,
        "rejected": 2,
        "ambiguous": 0,
        "rejections": [
            {"line": 4, "reason": "phone: contains letters"},
            {"line": 5, "reason": "phone: empty"},
        ],
    }
    assert {each["reason"] for each in rows("SELECT reason FROM suppression")} == {"moved"}
    assert call("POST", "/api/suppressions/import", json=body).json["added"] == 0


def test_a_csv_of_numbers_is_suppressed_and_an_export_can_be_imported(call, as_account):
    file = "phone;reason;name\n691 234 5678;=1+1;Ann\n691 234 5679;;Bob\n12345;x;Eve\n"
    report = call("POST", "/api/suppressions/import", data=file, content_type="text/csv").json
    assert (report["added"], report["rejected"]) == (2, 1)
    assert report["rejections"] == [{"line": 4, "reason": "phone: too short"}]
    exported = call("GET", "/api/suppressions/export")
    assert exported.headers["Content-Disposition"] == 'attachment; filename="suppressions.csv"'
    lines = list(csv.DictReader(StringIO(exported.text.removeprefix("\ufeff"), newline="")))
    assert [(line["phone"], line["reason"]) for line in lines] == [
        ("+306912345678", "'=1+1"),
        ("+306912345679", "opted_out"),
    ]
    other = as_account(an_account())
    assert other("POST", "/api/suppressions/import", data=exported.data, content_type="text/csv").json["added"] == 2
    reasons = rows("SELECT reason, count(*) AS accounts FROM suppression GROUP BY 1 ORDER BY 1")
    assert reasons == [{"reason": "=1+1", "accounts": 2}, {"reason": "opted_out", "accounts": 2}]


@pytest.mark.parametrize(
    ("path", "sent", "status", "code", "says"),
    [
        ("", {"json": {"phone": "123"}}, 400, "INVALID_REQUEST", "phone"),
        ("", {"json": {}}, 400, "INVALID_REQUEST", "phone"),
        ("", {"json": {"phone": PHONE, "reason": ""}}, 400, "INVALID_REQUEST", "reason"),
        ("/import", {"json": {"phones": [PHONE], "reason": "x" * 201}}, 400, "INVALID_REQUEST", "reason"),
        ("/import", {"json": {"numbers": [PHONE]}}, 400, "INVALID_REQUEST", "phones"),
        ("/import", {"json": {"phones": [306912345678]}}, 400, "INVALID_REQUEST", "phones"),
        ("/import", {"data": b"", "content_type": "application/json"}, 400, "INVALID_REQUEST", "phones"),
        ("/import", {"data": b"[", "content_type": "application/json"}, 400, "INVALID_REQUEST", "JSON"),
        ("/import", {"data": b"", "content_type": "text/csv"}, 400, "INVALID_REQUEST", "phone"),
        ("/import", {"data": b"number\n1\n", "content_type": "text/csv"}, 400, "INVALID_REQUEST", "phone"),
        ("/import", {"data": b"phone"}, 415, "UNSUPPORTED_MEDIA_TYPE", "text/csv"),
        ("/import", {"data": b"x" * 2**21, "content_type": "text/csv"}, 400, "INVALID_REQUEST", "longer"),
        ("/import", {"data": b"x" * 65 * 2**20, "content_type": "text/csv"}, 413, "PAYLOAD_TOO_LARGE", "64 MiB"),
        ("/import", {"json": {"phones": ["x" * 2**20]}}, 413, "PAYLOAD_TOO_LARGE", "1 MiB"),
        ("/import?dry_run=perhaps", {"json": {"phones": [PHONE]}}, 400, "INVALID_REQUEST", "dry_run"),
    ],
    ids=range(15),
)
def test_an_invalid_suppression_is_refused_and_changes_nothing(call, path, sent, status, code, says):
    refused(call("POST", f"/api/suppressions{path}", **sent), status, code, says)
    assert suppressed() == []


LONG = [f"69{n:08d}" for n in range(2_001)]


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"phones": LONG, "reason": "moved"}},
        {"data": "phone,reason\n" + "".join(f"{phone},moved\n" for phone in LONG), "content_type": "text/csv"},
        {"data": {"file": (BytesIO(b"phone,reason\n6900000000,moved\n"), "optouts.csv")}},
        {"json": {"phones": LONG[:3], "reason": "moved"}, "query_string": {"dry_run": "true"}},
    ],
    ids=["a list", "a file", "a form", "a trial"],
)
def test_a_long_file_is_imported_by_a_job_that_can_be_watched(call, redis, sent):
    answer = call("POST", "/api/suppressions/import", **sent)
    assert (answer.status_code, answer.json["kind"], answer.json["status"]) == (202, "suppressions", "queued")
    assert suppressed() == []
    run(answer.json["id"])
    shown = call("GET", f"/api/imports/{answer.json['id']}").json
    assert (shown["status"], shown["rejected"]) == ("done", 0)
    assert len(suppressed()) == (0 if shown["dry_run"] else shown["imported"])
    assert {each["reason"] for each in rows("SELECT reason FROM suppression")} <= {"moved"}
    assert call("GET", "/api/imports").json["data"] == [shown]


def test_a_rejected_line_of_a_long_file_can_be_downloaded_and_the_import_deleted(call, redis):
    file = (BytesIO(b"phone,name\nx,Ann\n"), "optouts.csv")
    made = call("POST", "/api/suppressions/import", data={"file": file}).json
    refused(call("DELETE", f"/api/imports/{made['id']}"), 409, "INVALID_STATUS", "cancel")
    run(made["id"])
    assert "x,Ann,2,phone: contains letters" in call("GET", f"/api/imports/{made['id']}/rejections").text
    assert call("DELETE", f"/api/imports/{made['id']}").status_code == 204
    refused(call("GET", f"/api/imports/{made['id']}"), 404, "RESOURCE_NOT_FOUND")


def test_another_accounts_suppression_is_not_found(call, as_account):
    other = as_account(an_account(country="GR"))
    theirs = other("POST", "/api/suppressions", json={"phone": PHONE}).json["id"]
    for number in (theirs, 987_654):
        refused(call("DELETE", f"/api/suppressions/{number}"), 404, "RESOURCE_NOT_FOUND")
    assert call("GET", "/api/suppressions").json["data"] == []
    assert len(call("GET", "/api/suppressions/export").text.splitlines()) == 1
    assert suppressed() == [PHONE]
