"""A request keeps the trace that its `traceparent` names, or begins one; its answer and its log lines name it."""

import re

import pytest
from structlog.contextvars import get_contextvars

from dispatch.tracing.current import here
from tests.factories import a_campaign, an_account
from tests.stored import campaign_row

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GIVEN = f"00-{TRACE}-00f067aa0ba902b7-01"


def trace_of(answer):
    found = re.fullmatch(r"00-([0-9a-f]{32})-[0-9a-f]{16}-0[01]", answer.headers["traceparent"])
    return found[1]


def test_a_request_keeps_its_trace(client):
    answer = client.get("/health/live", headers={"traceparent": GIVEN})
    assert trace_of(answer) == TRACE


def test_a_request_without_one_begins_one(client):
    assert len({trace_of(client.get("/health/live")) for _ in range(5)}) == 5


@pytest.mark.parametrize(
    "given",
    [
        "",
        "hello",
        GIVEN.upper(),
        GIVEN + "-x",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"ff{GIVEN[2:]}",
        f"{GIVEN},{GIVEN}",
    ],
)
def test_a_broken_one_is_ignored_and_a_new_trace_begins(client, given):
    answer = client.get("/health/live", headers={"traceparent": given})
    assert answer.status_code == 200
    assert trace_of(answer) != TRACE


def test_two_headers_name_no_trace(client):
    answer = client.get("/health/live", headers=[("traceparent", GIVEN), ("traceparent", GIVEN)])
    assert trace_of(answer) != TRACE


def test_a_refusal_has_it_too(client):
    assert trace_of(client.get("/api/campaigns", headers={"traceparent": GIVEN})) == TRACE
    assert trace_of(client.get("/nowhere", headers={"traceparent": GIVEN})) == TRACE


def test_log_lines_have_it_and_those_of_the_next_request_do_not(client, app, monkeypatch):
    seen = []
    view = app.view_functions["health.live"]
    monkeypatch.setitem(app.view_functions, "health.live", lambda: (seen.append(get_contextvars()), view())[1])
    client.get("/health/live", headers={"traceparent": GIVEN})
    client.get("/health/live")
    assert seen[0]["trace_id"] == TRACE
    assert seen[1]["trace_id"] != TRACE
    assert "trace_id" not in get_contextvars()
    assert here() is None


def test_a_campaign_that_a_request_starts_remembers_its_trace(as_account):
    account = an_account()
    campaign = a_campaign(account, recipients=1)
    answer = as_account(account)("POST", f"/api/campaigns/{campaign.id}/enqueue", headers={"traceparent": GIVEN})
    assert answer.status_code < 300
    assert campaign_row(campaign.id)["traceparent"].startswith(f"00-{TRACE}-")
