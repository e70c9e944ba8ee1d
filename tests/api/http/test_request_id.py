"""Each request has an id, the caller's if it is harmless: in the header, in refusals and on every log line."""

import re

import pytest
from structlog.contextvars import get_contextvars
from structlog.testing import capture_logs
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.factories import an_account


def test_a_harmless_id_is_kept(client):
    answer = client.get("/health/live", headers={"X-Request-ID": "Order-7_a.B"})
    assert answer.headers["X-Request-ID"] == "Order-7_a.B"


@pytest.mark.parametrize("given", ["", " ", "a b", "x" * 65, "<script>", "a;b", "é", "a/b", "a\tb", "../x", "x\x00"])
def test_any_other_is_replaced(client, given):
    shown = client.get("/health/live", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", shown)


@pytest.mark.parametrize("given", ["x\r\nSet-Cookie: a=b", "x\n", "x\r", "\nx"])
def test_a_line_break_never_reaches_the_answer(app, client, given):
    # No client sends this as one header, so it is placed where a careless server would place it.
    environ = EnvironBuilder(path="/health/live").get_environ()
    environ["HTTP_X_REQUEST_ID"] = given
    _, _, headers = run_wsgi_app(app, environ)
    assert re.fullmatch(r"[0-9a-f]{32}", headers["X-Request-ID"])


def test_a_refusal_repeats_it_in_the_body(client):
    answer = client.get("/api/campaigns", headers={"X-Request-ID": "r-1"})
    assert answer.json["requestId"] == answer.headers["X-Request-ID"] == "r-1"


def test_two_requests_have_two_ids(client):
    assert len({client.get("/health/live").headers["X-Request-ID"] for _ in range(5)}) == 5


def test_it_is_on_the_log_lines_of_its_own_request_only(app, db, as_account):
    from structlog.contextvars import merge_contextvars

    call = as_account(an_account())
    with capture_logs(processors=[merge_contextvars]) as lines:
        call("POST", "/api/campaigns/1/pause", headers={"X-Request-ID": "r-2"})
    assert [line["request_id"] for line in lines if line["event"] == "request.refused"] == ["r-2"]
    assert "request_id" not in get_contextvars()
