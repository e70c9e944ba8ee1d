"""The OpenAPI document and the page that shows it."""

import re


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
