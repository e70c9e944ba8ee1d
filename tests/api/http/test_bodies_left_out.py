"""Routes that need no field of their body take none."""

import pytest

from tests.api.tenants import MAKE

NO_BODY = "JSON object as its body"


def _operations(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            # A route that takes files too has its schema in place.
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            if name := body.get("schema", {}).get("$ref", "").rpartition("/")[2]:
                yield method.upper(), path, operation, document["components"]["schemas"][name]


@pytest.fixture
def filled(account):
    made = {name: make(account) for name, make in MAKE.items()}
    return lambda path: path.format(**made)


def test_every_route_whose_fields_are_all_optional_answers_without_a_body_as_to_an_empty_object(
    document, as_account, account, filled
):
    call, operator = as_account(account), as_account(None)
    seen = set()
    for method, path, operation, schema in _operations(document):
        if schema.get("required"):
            continue
        assert operation["requestBody"]["required"] is False, path
        address = filled(path)
        answer = call(method, address)
        if answer.status_code == 403:
            answer = operator(method, f"{address}?organization_id={account.id}")
        assert answer.status_code != 500, (path, answer.text)
        assert NO_BODY not in answer.text, (path, answer.text)
        seen.add(path)
    assert {"/api/webhooks/{webhook_id}/replay", "/api/campaigns/{campaign_id}/enqueue"} <= seen


def test_every_route_that_needs_a_field_says_so_without_a_body(document, as_account, account, filled):
    call, operator = as_account(account), as_account(None)
    for method, path, operation, schema in _operations(document):
        if not schema.get("required"):
            continue
        assert operation["requestBody"]["required"] is True, path
        address = filled(path)
        answer = call(method, address)
        if answer.status_code == 403:
            answer = operator(method, f"{address}?organization_id={account.id}")
        assert answer.status_code == 400, (path, answer.text)
        assert NO_BODY in answer.text, (path, answer.text)


def test_failed_deliveries_of_a_webhook_are_made_again_without_a_body(call, filled):
    assert call("POST", filled("/api/webhooks/{webhook_id}/replay")).status_code == 200
