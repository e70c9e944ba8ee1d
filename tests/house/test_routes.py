"""No route is open by accident, every refusal has an HTTP status, and docs/api.md says what each call needs."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from api.app import ROUTES, web_app
from api.http.auth import OPEN, RULES
from api.http.errors import STATUS
from api.http.rules import MAX_BODY_BYTES, RouteRules
from config.settings import settings
from dispatch.errors import DispatchError
from models.api_key import SCOPES
from tests.routes import every_route

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/api.md").read_text()
SECTIONS = dict(re.findall(r"^##+ (.+?)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
GROUPS = {routes.name: routes.abp_tags[0].name for routes in ROUTES}


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


def api_calls(app: Flask) -> Iterator[tuple[str, str, RouteRules]]:
    """Returns each call under /api, as docs/api.md writes it, with its endpoint and its rules."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api"):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            for method in rule.methods - {"OPTIONS", "HEAD"}:
                yield f"{method} {path}", rule.endpoint, app.extensions[RULES][rule.endpoint]


def api_routes(app: Flask) -> Iterator[tuple[str, str, RouteRules]]:
    """Returns each method and endpoint under /api, with its rules."""
    for call, endpoint, rules in api_calls(app):
        yield call.split()[0], endpoint, rules


def calls_in(section: str) -> list[str]:
    return re.findall(r"`([A-Z]+ /api[^`]*)`", SECTIONS[section])


def test_the_page_says_what_each_call_needs(app):
    rows = re.findall(r"^\| (\w+) \| `(\w+)`(, operators)? \| (.+) \|$", SECTIONS["What each call needs"], re.MULTILINE)
    said = [
        (call, group, scope, bool(operators)) for group, scope, operators, calls in rows for call in calls.split(" · ")
    ]
    needed = {
        (f"`{call}`", GROUPS[endpoint.split(".")[0]], rules.scope, rules.operators_only)
        for call, endpoint, rules in api_calls(app)
    }
    assert (needed - set(said), set(said) - needed) == (set(), set())
    assert len(said) == len(needed)


def test_the_page_lists_every_scope_that_a_key_can_have():
    assert tuple(re.findall(r"^\| `(\w+)` \|", SECTIONS["Keys and scopes"], re.MULTILINE)) == SCOPES


def test_the_page_lists_every_call_that_takes_a_file(app):
    taking = {call for call, _, rules in api_calls(app) if rules.most_bytes > MAX_BODY_BYTES}
    assert set(calls_in("Uploads")) - {"GET /api/imports/{import_id}"} == taking


def test_the_page_lists_every_call_that_answers_with_a_file(app):
    paths = app.test_client().get("/openapi.json").json["paths"]
    gets = {path: operations["get"]["responses"] for path, operations in paths.items() if "get" in operations}
    answering = {path for path, responses in gets.items() if "text/csv" in responses["200"].get("content", {})}
    assert set(calls_in("Exports")) == {f"GET {path}" for path in answering}


def test_the_page_names_every_answer_whose_secret_is_not_repeated(app):
    hiding = {call for call, _, rules in api_calls(app) if getattr(rules.idempotency, "secret", None)}
    assert set(calls_in("The same request twice")) == hiding


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
