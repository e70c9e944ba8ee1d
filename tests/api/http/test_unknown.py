"""A field or a parameter that a call does not have is refused, on every route, and nothing is changed.

Generated from every operation of the served document.
"""

from io import BytesIO
from typing import Any

import pytest
from pydantic import SecretStr

from api.app import web_app
from config.settings import Settings
from tests.api.conftest import document_of
from tests.api.tenants import MAKE, right_body
from tests.factories import a_campaign
from tests.stored import stored_rows

DOCUMENT = document_of(web_app(Settings(redis_url=SecretStr("redis://127.0.0.1:1/0"))))
OPERATIONS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]
# Schedulers send what they like to this one (docs/cron.md).
WITH_ANY_BODY = ("post", "/api/campaigns/run-automation")
FILE = b"phone\n+306912345678\n"


def body_schemas() -> dict[str, Any]:
    """Returns every schema of an object within the bodies of the document, by where it is."""
    found: dict[str, Any] = {}

    def look(schema: Any, where: str) -> None:
        if isinstance(schema, list):
            for each in schema:
                look(each, where)
        if not isinstance(schema, dict):
            return
        if name := schema.get("$ref"):
            if name not in found:
                look(DOCUMENT["components"]["schemas"][name.rsplit("/", 1)[1]], name)
            return
        if "properties" in schema:
            found[where] = schema
        for key, value in schema.items():
            if key == "properties":
                for field, each in value.items():
                    look(each, f"{where}.{field}")
            elif key != "example":
                look(value, where)

    for method, path in OPERATIONS:
        content = DOCUMENT["paths"][path][method].get("requestBody", {}).get("content", {})
        look(content.get("application/json", {}).get("schema"), f"{method} {path}")
    return found


@pytest.fixture
def ask(account, as_account):
    """Calls an operation as an operator for the account, with ids of rows that it has and the smallest valid body."""
    operator = as_account(None)

    def asked(method: str, path: str, *, query: dict[str, str] | None = None, **options: Any) -> Any:
        for name, make in MAKE.items():
            path = path.replace(f"{{{name}}}", str(make(account)) if f"{{{name}}}" in path else "")
        before = stored_rows()
        answer = operator(
            method.upper(), path, query_string={"organization_id": str(account.id), **(query or {})}, **options
        )
        answer.close()
        return answer, stored_rows() == before

    return asked


def check_refused(answered: tuple[Any, bool], field: str = "bogus") -> None:
    answer, unchanged = answered
    error = answer.json["error"]
    assert (answer.status_code, error["code"], error["details"]["field"]) == (400, "INVALID_REQUEST", field)
    assert unchanged


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_an_unknown_parameter_is_refused(ask, account, method, path):
    body = right_body(DOCUMENT["paths"][path][method], DOCUMENT, account)
    options = {} if body is None else {"json": body}
    check_refused(ask(method, path, query={"bogus": "1"}, **options))


@pytest.mark.parametrize(("method", "path"), [each for each in OPERATIONS if each != WITH_ANY_BODY])
def test_an_unknown_field_is_refused(ask, account, method, path):
    body = right_body(DOCUMENT["paths"][path][method], DOCUMENT, account) or {}
    if "multipart/form-data" in DOCUMENT["paths"][path][method].get("requestBody", {}).get("content", {}):
        form = {"file": (BytesIO(FILE), "people.csv"), "list": "spring", "bogus": "1"}
        check_refused(ask(method, path, data=form | ({} if "imports" in path else {"list": []})))
        if not body:
            return
    check_refused(ask(method, path, json=body | {"bogus": 1}))


def test_no_object_within_a_body_takes_unknown_fields():
    assert {
        where for where, schema in body_schemas().items() if schema.get("additionalProperties") is not False
    } == set()


@pytest.mark.parametrize("fields", [{"scheduled_at": "2090-01-31T09:00:00Z"}, {"dry_run": True}])
def test_a_start_with_fields_of_something_else_starts_nothing(call, account, fields):
    campaign = a_campaign(account, recipients=1)
    refused = call("POST", f"/api/campaigns/{campaign.id}/enqueue", json=fields)
    assert (refused.status_code, refused.json["error"]["details"]["field"]) == (400, next(iter(fields)))
    assert call("GET", f"/api/campaigns/{campaign.id}").json["status"] == "draft"


@pytest.mark.parametrize("sent", [{"data": b""}, {"json": {}}, {"data": b"{ }"}, {"data": b" \n"}])
def test_a_call_without_a_body_may_be_sent_an_empty_one(call, account, sent):
    campaign = a_campaign(account, recipients=1)
    assert call("POST", f"/api/campaigns/{campaign.id}/cancel", **sent).status_code == 200


@pytest.mark.parametrize("sent", [{"json": [1]}, {"data": b"null"}, {"data": {"reason": "x"}}, {"data": b"now"}])
def test_a_call_without_a_body_refuses_any_other(call, account, sent):
    campaign = a_campaign(account, recipients=1)
    refused = call("POST", f"/api/campaigns/{campaign.id}/cancel", **sent)
    assert (refused.status_code, refused.json["error"]["code"]) == (400, "INVALID_REQUEST")
    assert "takes no body" in refused.json["error"]["message"]
    assert call("GET", f"/api/campaigns/{campaign.id}").json["status"] == "draft"


def test_options_of_a_form_are_not_read_from_the_address(call, account):
    form = {"file": (BytesIO(FILE), "people.csv"), "list": "spring"}
    refused = call("POST", "/api/imports?dry_run=true", data=form)
    assert (refused.status_code, refused.json["error"]["details"]["field"]) == (400, "dry_run")
    assert "as a field of the form" in refused.json["error"]["message"]


def test_options_of_a_file_do_not_go_with_numbers(call, account):
    numbers = {"phones": ["+306912345678"]}
    refused = call("POST", "/api/suppressions/import?encoding=utf-8", json=numbers)
    assert (refused.status_code, refused.json["error"]["details"]["field"]) == (400, "encoding")
