"""What one key may request: how often, how much at a time, and what still works without Redis to count."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from api.app import web_app
from api.http.auth import RULES
from api.http.limits import SPENDING
from config.settings import Settings, settings
from embedded.server import free_port
from models.database import row
from tests.api.conftest import Call
from tests.factories import a_campaign, a_key, an_account
from tests.own_redis import an_own_redis

Calling = Callable[..., Call]


@pytest.fixture
def calling(db, redis):
    """Returns, for some settings and a key, a function that calls an application of its own."""

    def with_settings(key: str, **differing: Any) -> Call:
        given = Settings.model_validate(settings().model_dump() | differing)
        client = web_app(given).test_client()

        def call(method: str, path: str, **options: Any) -> Any:
            return client.open(path, method=method, headers={"Authorization": f"Bearer {key}"}, **options)

        return call

    return with_settings


def statuses(call: Call, method: str, path: str, *, times: int, **options: Any) -> list[int]:
    return [call(method, path, **options).status_code for _ in range(times)]


def test_a_key_over_its_limit_has_to_wait_and_others_do_not(calling):
    account = an_account()
    busy = calling(a_key(account), rate_limit_read="3/hour")
    assert statuses(busy, "GET", "/api/campaigns", times=5) == [200, 200, 200, 429, 429]
    refused = busy("GET", "/api/campaigns")
    assert refused.json["error"]["code"] == "RATE_LIMITED"
    assert refused.json["requestId"] == refused.headers["X-Request-ID"]
    assert 0 < int(refused.headers["Retry-After"]) <= 3601
    other = calling(a_key(account, scopes=("read",)), rate_limit_read="3/hour")
    assert other("GET", "/api/campaigns").status_code == 200


def test_reading_writing_and_sending_are_counted_separately(calling):
    account = an_account()
    call = calling(a_key(account), rate_limit_read="1/hour", rate_limit_write="2/hour", rate_limit_send="1/hour")
    assert statuses(call, "GET", "/api/campaigns", times=2) == [200, 429]
    assert statuses(call, "POST", "/api/campaigns", json={"name": "x"}, times=3) == [201, 201, 429]
    path = f"/api/campaigns/{a_campaign(account, recipients=1).id}/enqueue"
    assert statuses(call, "POST", path, times=2) == [202, 429]


def test_all_processes_count_together(calling):
    key = a_key(an_account())
    first, second = (calling(key, rate_limit_read="2/hour") for _ in range(2))
    assert [call("GET", "/api/campaigns").status_code for call in (first, second, first)] == [200, 200, 429]


def test_open_routes_are_not_counted(calling):
    call = calling("", rate_limit_read="1/hour")
    assert statuses(call, "GET", "/health/live", times=3) == [200, 200, 200]
    assert statuses(call, "GET", "/openapi.json", times=3) == [200, 200, 200]


@pytest.fixture
def redis_away():
    """Settings that name a Redis that is not there, so that nothing can be counted."""
    return {"redis_url": f"redis://127.0.0.1:{free_port()}/0"}


def test_without_redis_reading_and_writing_still_work(calling, redis_away):
    call = calling(a_key(an_account()), **redis_away)
    assert call("GET", "/api/campaigns").status_code == 200
    assert call("POST", "/api/campaigns", json={"name": "x"}).status_code == 201


def spending(app: Flask) -> Iterator[tuple[str, str]]:
    """Every operation that spends credits, with numbers for its ids."""
    for rule in app.url_map.iter_rules():
        rules = app.extensions[RULES].get(rule.endpoint)
        # The console has sessions instead of keys, and tests of its own.
        if rules and rules.scope in SPENDING and not rule.rule.startswith("/console"):
            path = rule.rule
            for argument in rule.arguments:
                path = path.replace(f"<{argument}>", "1")
            yield from ((method, path) for method in (rule.methods or set()) - {"OPTIONS", "HEAD"})


def test_without_redis_nothing_is_spent(app, calling, redis_away):
    account = an_account()
    a_campaign(account, recipients=1)
    call = calling(a_key(account), **redis_away)
    operations = list(spending(app))
    assert ("POST", "/api/campaigns/1/enqueue") in operations
    for method, path in operations:
        refused = call(method, path, json={})
        assert (refused.status_code, refused.json["error"]["code"]) == (503, "QUEUE_UNAVAILABLE"), f"{method} {path}"
        assert refused.headers["Retry-After"]
    assert row("SELECT status, claim_epoch FROM campaign") == {"status": "draft", "claim_epoch": 0}


def test_when_redis_is_back_it_counts_again(calling):
    with an_own_redis() as server:
        call = calling(a_key(an_account()), redis_url=server.url, rate_limit_send="1/hour")
        server.stop()
        assert call("POST", "/api/campaigns/run-automation").status_code == 503
        server.start()
        assert statuses(call, "POST", "/api/campaigns/run-automation", times=2) == [200, 429]


def lists(document: dict[str, Any]) -> Iterator[str]:
    """Every list of the API that has pages and needs no id."""
    for path, operations in document["paths"].items():
        parameters = {parameter["name"] for parameter in operations.get("get", {}).get("parameters", ())}
        if "page_size" in parameters and "{" not in path:
            yield path


def test_no_list_returns_more_than_a_hundred_rows_however_many_are_requested(document, as_account):
    operator, account = as_account(None), an_account()
    paths = list(lists(document))
    assert {"/api/campaigns", "/api/customers", "/api/audit-events", "/api/credits/ledger"} <= set(paths)
    for path in paths:
        query = f"organization_id={account.id}&page=99999999999999999999&page_size=100000"
        page = operator("GET", f"{path}?{query}")
        assert page.status_code == 200, f"{path}: {page.json}"
        assert page.json["pagination"]["page_size"] == 100, path
