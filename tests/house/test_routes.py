"""No route is open by accident, and every refusal has an HTTP status."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from api.app import web_app
from api.http.auth import OPEN, RULES
from api.http.errors import STATUS
from api.http.rules import RouteRules
from config.settings import settings
from dispatch.errors import DispatchError
from models.api_key import SCOPES
from tests.routes import every_route

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def app(servers):
    return web_app(settings().model_copy(update={"rq_dashboard": True}))


def test_every_route_asks_for_a_key_unless_it_is_in_the_open_list(app, db):
    client = app.test_client()
    for method, path, endpoint in every_route(app):
        for key in ("", f"Bearer {uuid4()}"):
            status = client.open(path, method=method, headers={"Authorization": key}, follow_redirects=True).status_code
            assert (status == 401) == (endpoint not in OPEN), f"{method} {path} answers {status}"


def test_the_open_list_names_real_routes(app):
    assert set(app.view_functions) >= OPEN


def api_routes(app: Flask) -> Iterator[tuple[str, str, RouteRules]]:
    """Returns each method and endpoint under /api, with its rules."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api"):
            for method in rule.methods - {"OPTIONS", "HEAD"}:
                yield method, rule.endpoint, app.extensions[RULES][rule.endpoint]


def test_every_route_has_rules_with_a_scope_that_keys_can_have(app):
    assert {rules.scope for _, _, rules in api_routes(app)} == set(SCOPES)


def test_every_post_says_what_happens_when_it_is_sent_twice_and_nothing_else_does(app):
    for method, endpoint, rules in api_routes(app):
        assert (rules.idempotency is not None) == (method == "POST"), f"{method} {endpoint}"


def test_what_only_reads_needs_no_other_scope_and_what_changes_something_never_only_read(app):
    reading = {"previews.personalized", "segments.preview_filter", "segments.preview", "templates.validate"}
    for method, endpoint, rules in api_routes(app):
        if method in ("PUT", "PATCH", "DELETE") or (method == "POST" and rules.scope == "read"):
            assert rules.scope != "read" or endpoint in reading, f"{method} {endpoint}"


def test_every_refusal_has_a_status():
    for package in ("dispatch", "api"):
        for path in sorted((ROOT / package).rglob("*.py")):
            try:
                import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
            except ModuleNotFoundError as absent:
                # Of the extra `otel`, which need not be installed.
                if not (absent.name or "").startswith("opentelemetry"):
                    raise
    missing = {refusal.__name__ for refusal in refusals(DispatchError) if refusal.code not in STATUS}
    assert missing == set()


def test_http_codes_are_known_to_one_file_only():
    for path in sorted((ROOT / "api").rglob("*.py")):
        numbers = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
        found = numbers & set(STATUS.values())
        assert not found or path == ROOT / "api" / "http" / "errors.py", f"{path} names {found}"


def refusals(kind: type[DispatchError]) -> Iterator[type[DispatchError]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from refusals(narrower)
