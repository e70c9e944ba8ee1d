"""The OpenAPI document and the page that shows it."""

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from api.http.introduction import EXAMPLES, GROUPS
from dispatch.accounts.accounts import account_named


def test_every_post_says_that_it_takes_an_idempotency_key(document):
    for path, operations in document["paths"].items():
        if post := operations.get("post"):
            assert "Idempotency-Key" in [parameter["name"] for parameter in post["parameters"]], path
            assert {"409", "422", "429"} <= set(post["responses"]), path


def test_the_document_names_every_route_of_the_api(app, document):
    described = {
        (method.upper(), re.sub(r"{(\w+)}", r"<\1>", path))
        for path, operations in document["paths"].items()
        for method in operations
    }
    routed = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}
        if rule.rule.startswith("/api/")
    }
    assert described == routed


def test_the_page_is_open_and_loads_everything_from_this_server(client):
    page = client.get("/docs")
    assert page.status_code == 200
    needed = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(needed) == 4
    for address in needed:
        assert address.startswith("/docs/")
        found = client.get(address)
        assert found.status_code == 200, address
        found.close()
    assert "/openapi.json" in client.get("/docs/start.js").text
    assert "'self'" in page.headers["Content-Security-Policy"]


def test_a_browser_at_the_bare_address_is_led_to_the_page(client):
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/docs")


def test_nothing_else_of_the_package_is_served(client):
    for path in ("/docs/files/../__init__.py", "/docs/files/%2e%2e/__init__.py", "/docs/oauth2-redirect.html"):
        assert client.get(path).status_code == 404


def test_the_page_begins_with_an_introduction_and_every_group_has_a_text(document):
    for words in ("Authorization: Bearer", "organization_id", "Idempotency-Key", "up to a minute later"):
        assert words in document["info"]["description"]
    assert {tag["name"]: tag["description"] for tag in document["tags"]} == GROUPS


def test_calls_that_take_json_have_an_example(document):
    shown = {
        (method, path): operation["requestBody"]["content"]["application/json"].get("example")
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }
    assert {call: example for call, example in shown.items() if example} == EXAMPLES
    assert sorted(path for (_, path), example in shown.items() if not example) == [
        "/api/account/business",
        "/api/campaigns/{campaign_id}/approve",
        "/api/campaigns/{campaign_id}/enqueue",
        "/api/campaigns/{campaign_id}/retry-failed",
        "/api/campaigns/{campaign_id}/send",
        "/api/campaigns/{campaign_id}/send-to-rest",
        "/api/campaigns/{campaign_id}/send-winner",
        "/api/campaigns/{campaign_id}/withhold-winner",
        "/api/schedules",
        "/api/schedules/{schedule_id}",
        "/api/suppressions/import",
        "/api/webhooks/{webhook_id}/replay",
    ]


@pytest.fixture
def acme(as_account):
    """Calls with a key of the account that the first example creates, and with an operator's."""
    operator = as_account(None)
    (method, path), body = next(iter(EXAMPLES.items()))
    made = operator(method.upper(), path, json=body).json
    return as_account(account_named(body["name"])), operator, made["id"]


def test_every_example_does_what_it_says_in_a_new_account(acme):
    call, operator, account_id = acme
    for (method, path), body in list(EXAMPLES.items())[1:]:
        address = re.sub(r"{\w+}", "1", path)
        by = operator if path in ("/api/account/quotas", "/api/subscription", "/api/credits/topup") else call
        named = f"?organization_id={account_id}" if by is operator else ""
        answer = by(method.upper(), f"{address}{named}", json=body)
        # A campaign that has just been made has no messages yet of which anything could be unknown.
        expected = (409,) if "/unknown/" in path else (200, 201, 202)
        assert answer.status_code in expected, (method, path, answer.json)


def test_no_two_things_in_the_document_share_a_name(document):
    # flask-openapi3 files them by the name of their class; the one described last would replace the other.
    known = {each for each in subclasses_of(BaseModel) if each.__module__.startswith(("api.", "dispatch."))}
    names = Counter(each.__name__ for each in known)
    assert not {name for name in document["components"]["schemas"] if names[name] > 1}


def subclasses_of(kind: type) -> Iterator[type]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses_of(each)
