"""What is no request, or one too many, is refused in the same words as everything else."""

from contextlib import ExitStack

import pytest

from tests.waiting import wait_until
from tests.web import head, read_answer, running_web


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (head("GET", "/api/campaigns?q=" + "x" * 5000), 414, "ADDRESS_TOO_LONG"),
        (head("GET", "/api/campaigns", headers={"X-Long": "x" * 9000}), 431, "HEADERS_TOO_LARGE"),
        (head("GET", "/api/campaigns", headers={f"X-{n}": n for n in range(70)}), 431, "HEADERS_TOO_LARGE"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", 400, "INVALID_REQUEST"),
        (b"GET\r\n\r\n", 400, "INVALID_REQUEST"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "INVALID_REQUEST"),
        (b"GET / HTTP/1.1\r\nBad Header: 1\r\n\r\n", 400, "INVALID_REQUEST"),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400, "INVALID_REQUEST"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "INVALID_REQUEST"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "INVALID_REQUEST"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400, "INVALID_REQUEST"),
        (b"POST / HTTP/1.1\r\nExpect: cake\r\n\r\n", 400, "INVALID_REQUEST"),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused_in_json(web, raw, status, code):
    answer = web.exchange(raw)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["x-request-id"] == answer.json["requestId"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "Traceback" not in web.process.log


def test_one_address_may_not_take_all_connections(servers, tmp_path):
    with running_web(tmp_path, WEB_CONNECTIONS_PER_ADDRESS=5) as web, ExitStack() as stack:
        lines = [stack.enter_context(web.connect()) for _ in range(5)]
        for line in lines:
            line.sendall(head("GET", "/health/live"))
            assert read_answer(line).status == 200
        refused = web.ask("GET", "/health/live")
        assert (refused.status, refused.code) == (503, "TOO_MANY_CONNECTIONS")
        lines[0].close()
        wait_until(web.lives, "the place is free again")


def test_a_trusted_proxy_may(servers, tmp_path):
    chosen = {"WEB_CONNECTIONS_PER_ADDRESS": 2, "TRUSTED_PROXIES": 1}
    with running_web(tmp_path, **chosen) as web, ExitStack() as stack:
        for _ in range(10):
            line = stack.enter_context(web.connect())
            line.sendall(head("GET", "/health/live"))
            assert read_answer(line).status == 200
