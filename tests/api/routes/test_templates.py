"""Stored templates over HTTP: kept in versions, checked, copied by campaigns."""

import pytest

from api.http.errors import STATUS
from models.database import row, rows
from tests.factories import an_account


@pytest.fixture
def spring(call):
    return call("POST", "/api/templates", json={"name": "Spring", "body": "Hi {first_name}"}).json


def refused(answer, code, says=""):
    assert (answer.status_code, answer.json["error"]["code"]) == (STATUS[code], code)
    assert says in answer.json["error"]["message"]


def test_a_template_is_stored_read_and_listed(account, call):
    body = {"name": " Spring ", "body": 'Hi {{ first_name|fallback("friend") }} in {location}', "channel": "sms"}
    made = call("POST", "/api/templates", json=body)
    assert made.status_code == 201
    assert (made.json["name"], made.json["channel"], made.json["version"]) == ("Spring", "sms", 1)
    assert made.json["placeholders"] == ["first_name", "location"]
    assert call("GET", f"/api/templates/{made.json['id']}").json == made.json
    assert call("GET", "/api/templates").json["data"] == [made.json]
    assert row("SELECT action, subject FROM audit_event ORDER BY id DESC") == {
        "action": "template.created",
        "subject": str(made.json["id"]),
    }


def test_a_changed_body_is_a_new_version_and_every_version_is_kept(call, spring):
    path = f"/api/templates/{spring['id']}"
    assert call("PATCH", path, json={"name": "Easter"}).json["version"] == 1
    assert call("PATCH", path, json={"body": "Hi {first_name}"}).json["version"] == 1
    assert call("PATCH", path, json={"body": "Hello", "channel": "whatsapp"}).json["version"] == 2
    edited = call("PATCH", path, json={"body": "Hello!", "channel": None}).json
    assert (edited["version"], edited["name"], edited["channel"]) == (3, "Easter", None)
    versions = call("GET", f"{path}/versions?page_size=2").json
    assert [(each["version"], each["body"]) for each in versions["data"]] == [(3, "Hello!"), (2, "Hello")]
    assert versions["pagination"]["total_count"] == 3
    assert row("SELECT body FROM template_version WHERE version = 1") == {"body": "Hi {first_name}"}


def test_a_campaign_keeps_the_version_it_was_created_with(call, spring):
    body = {"name": "Sale", "template_id": spring["id"]}
    first = call("POST", "/api/campaigns", json=body).json
    call("PATCH", f"/api/templates/{spring['id']}", json={"body": "Hello"})
    second = call("POST", "/api/campaigns", json=body).json
    for campaign, text, version in ((first, "Hi {first_name}", 1), (second, "Hello", 2)):
        shown = call("GET", f"/api/campaigns/{campaign['id']}").json
        assert (shown["base_template"], shown["template_id"], shown["template_version"]) == (
            text,
            spring["id"],
            version,
        )


def test_an_edited_campaign_names_the_template_of_its_text(call, spring):
    path = f"/api/campaigns/{call('POST', '/api/campaigns', json={'name': 'Sale', 'base_template': 'Bye'}).json['id']}"
    edited = call("PATCH", path, json={"template_id": spring["id"]}).json
    assert (edited["base_template"], edited["template_version"]) == ("Hi {first_name}", 1)
    edited = call("PATCH", path, json={"base_template": "Bye"}).json
    assert (edited["base_template"], edited["template_id"], edited["template_version"]) == ("Bye", None, None)


def test_a_deleted_template_leaves_its_campaigns_their_text(call, spring):
    campaign = call("POST", "/api/campaigns", json={"name": "Sale", "template_id": spring["id"]}).json
    assert call("DELETE", f"/api/templates/{spring['id']}").status_code == 204
    refused(call("GET", f"/api/templates/{spring['id']}"), "RESOURCE_NOT_FOUND")
    shown = call("GET", f"/api/campaigns/{campaign['id']}").json
    assert (shown["base_template"], shown["template_id"], shown["template_version"]) == ("Hi {first_name}", None, None)
    assert rows("SELECT * FROM template_version") == []


NAME, BODY = {"name": "x"}, {"body": "Hi"}


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        (NAME, "INVALID_REQUEST", "body"),
        (BODY, "INVALID_REQUEST", "name"),
        (NAME | {"body": " "}, "INVALID_TEMPLATE", "no text"),
        (NAME | {"body": "Hi {frist_name}"}, "INVALID_TEMPLATE", "frist_name"),
        (NAME | {"body": "x" * 2001}, "INVALID_TEMPLATE", "2000"),
        (BODY | {"name": " "}, "INVALID_REQUEST", "1 to 200"),
        (NAME | BODY | {"channel": "fax"}, "INVALID_REQUEST", "sms, whatsapp"),
        (NAME | BODY | {"version": 7}, "INVALID_REQUEST", "version"),
        (BODY | {"name": "Spring"}, "DUPLICATE", "name"),
    ],
)
def test_an_invalid_template_is_refused_and_not_stored(call, spring, given, code, says):
    refused(call("POST", "/api/templates", json=given), code, says)
    assert rows("SELECT id FROM template") == [{"id": spring["id"]}]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"name": "Taken"}, "DUPLICATE"),
        ({"name": None}, "INVALID_REQUEST"),
        ({"body": None}, "INVALID_REQUEST"),
        ({"body": "{first_name"}, "INVALID_TEMPLATE"),
        ({"channel": "fax"}, "INVALID_REQUEST"),
    ],
)
def test_an_invalid_change_changes_nothing(call, spring, given, code):
    call("POST", "/api/templates", json={"name": "Taken", "body": "Hi"})
    refused(call("PATCH", f"/api/templates/{spring['id']}", json=given), code)
    assert call("GET", f"/api/templates/{spring['id']}").json == spring
    assert rows("SELECT count(*) AS versions FROM template_version") == [{"versions": 2}]


def test_two_accounts_may_use_the_same_name(spring, as_account):
    other = as_account(an_account())
    assert other("POST", "/api/templates", json={"name": "Spring", "body": "Hi"}).status_code == 201


def test_a_campaign_takes_one_text_that_fits_its_channel(call, spring):
    for given, says in (
        ({"base_template": "Hi"}, "either"),
        ({"channel": "whatsapp"}, "for sms"),
    ):
        call("PATCH", f"/api/templates/{spring['id']}", json={"channel": "sms"})
        answer = call("POST", "/api/campaigns", json={"name": "Sale", "template_id": spring["id"], **given})
        refused(answer, "INVALID_REQUEST", says)
    assert rows("SELECT id FROM campaign") == []


def test_another_accounts_template_does_not_exist(spring, as_account):
    other = as_account(an_account())
    path = f"/api/templates/{spring['id']}"
    for method, address, body in (
        ("GET", path, None),
        ("GET", f"{path}/versions", None),
        ("PATCH", path, {"body": "Bye"}),
        ("DELETE", path, None),
        ("POST", "/api/campaigns", {"name": "Sale", "template_id": spring["id"]}),
    ):
        refused(other(method, address, **({"json": body} if body else {})), "RESOURCE_NOT_FOUND")
    assert other("GET", "/api/templates").json["data"] == []
    assert row("SELECT body, version FROM template") == {"body": "Hi {first_name}", "version": 1}


def test_validating_an_unusable_template_is_answered_too(account, as_account):
    reader = as_account(account, scopes=["read"])
    fine = reader("POST", "/api/templates/validate", json={"body": "Hi {first_name}. STOP to end", "channel": "sms"})
    assert fine.json == {
        "valid": True,
        "placeholders": ["first_name"],
        "unknown": [],
        "warnings": [],
        "encoding": "gsm7",
        "segments": 1,
        "sample": "Hi Alice. STOP to end",
        "problem": None,
        "gaps": [],
    }
    wrong = reader("POST", "/api/templates/validate", json={"body": "Hi {frist_name}"})
    assert (wrong.status_code, wrong.json["valid"], wrong.json["unknown"]) == (200, False, ["frist_name"])


def test_an_operator_names_the_account_that_a_text_is_checked_for(account, as_account):
    rows(
        """INSERT INTO customer (account_id, phone, first_name, last_name, attributes)
           VALUES (%s, '+306912345678', '', '', '{"coupon": "X1"}')""",
        [account.id],
    )
    operator = as_account(None)
    for query, valid, gaps in (("", False, []), (f"?organization_id={account.id}", True, ["first_name"])):
        checked = operator("POST", f"/api/templates/validate{query}", json={"body": "{first_name}: {coupon}"}).json
        assert (checked["valid"], [gap["placeholder"] for gap in checked["gaps"]]) == (valid, gaps)
