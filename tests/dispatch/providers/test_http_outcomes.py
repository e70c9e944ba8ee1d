"""What each network failure proves, produced by a real server."""

import asyncio
import gzip
import socket
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from dispatch.providers import Answer
from dispatch.providers.http import MAX_REPLY_BYTES, post_bytes
from dispatch.providers.sessions import LazySession, session
from dispatch.providers.simulator.over_http import BadSimulatorUrl, SimulatorOverHttp
from tests.dispatch.providers.misbehaving import Behaviour, answers, hangs, misbehaving, resets, says
from tests.simulator import message

OK = answers("201 Created", b'{"id": "sim-1"}')
REFUSED = b'{"error": {"code": "nope", "retryable": false}}'
FOR_NOW = b'{"error": {"code": "busy", "retryable": true}}'


def _unknown(code: str) -> Answer:
    return Answer("unknown", error_code=code)


async def _send(url: str, *, timeout: float = 10) -> Answer:
    provider = SimulatorOverHttp(url, session=LazySession(connections=4, timeout=timeout))
    try:
        return await provider.send(message())
    finally:
        await provider.close()


def _answer_of(behaviour: Behaviour, *, timeout: float = 10) -> Answer:
    async def talk() -> Answer:
        async with misbehaving(behaviour) as server:
            answer = await _send(server.url, timeout=timeout)
            assert server.requests == 1
            return answer

    return asyncio.run(talk())


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (OK, Answer("accepted", provider_id="sim-1")),
        (answers("400 Bad Request", REFUSED), Answer("rejected", error_code="nope")),
        (answers("404 Not Found", b"<html>"), Answer("rejected", error_code="http_404")),
        (answers("422 Unprocessable", REFUSED), Answer("rejected", error_code="nope")),
        (answers("422 Unprocessable", FOR_NOW), Answer("retryable", error_code="busy")),
        (answers("401 Unauthorized", REFUSED), Answer("halted", error_code="nope")),
        (answers("403 Forbidden"), Answer("halted", error_code="http_403")),
        (answers("429 Too Many Requests"), Answer("deferred", error_code="http_429")),
        (answers("408 Request Timeout"), _unknown("http_408")),
        (answers("500 Internal Server Error"), _unknown("http_500")),
        (answers("503 Service Unavailable", FOR_NOW), _unknown("busy")),
        (answers("302 Found", b"", "Location: /elsewhere"), _unknown("http_302")),
        (answers("303 See Other", b"", "Location: http://127.0.0.1:1/"), _unknown("http_303")),
    ],
    ids=lambda value: value[9:12].decode() if isinstance(value, bytes) else None,
)
def test_the_status_of_a_complete_answer_decides_the_outcome(reply, expected):
    assert _answer_of(says(reply)) == expected


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0.5", 0.5), ("-3", 0), ("soon", None), ("inf", None), ("nan", None), ("", None)]
    # A date whose year, hour or zone is too long for a number.
    + [(f"Mon, 01 Jan {odd} GMT", None) for odd in ("9" * 20 + " 00:00:00", "2030 " + "9" * 20 + ":00:00")]
    + [("Mon, 01 Jan 2030 00:00:00 +" + "9" * 17, None)],
)
def test_a_429_says_when_to_come_back(header, seconds):
    answer = _answer_of(says(answers("429 Too Many Requests", b"", f"Retry-After: {header}")))
    assert (answer.outcome, answer.retry_after) == ("deferred", seconds)


def test_a_429_may_name_the_time_to_come_back():
    hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    answer = _answer_of(says(answers("429 Too Many Requests", b"", f"Retry-After: {hour}")))
    assert answer.retry_after is not None
    assert 3000 < answer.retry_after <= 3600


def test_an_id_that_is_a_whole_number_is_one():
    assert _answer_of(says(answers("201 Created", b'{"id": 12345678901234567890}'))) == Answer(
        "accepted", "12345678901234567890"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"thanks!",
        b"[]",
        b"{}",
        b'{"id": 7.5}',
        b'{"id": true}',
        b'{"id": ""}',
        b'{"id": "a\\u0000b"}',
        b'{"id": "' + b"x" * 200 + b'"}',
        b"[" * 50_000,
        b'{"id": "sim-1", "padding": "' + b"x" * MAX_REPLY_BYTES + b'"}',
    ],
    ids=["empty", "text", "list", "no-id", "fraction", "truth", "blank", "nul", "long-id", "deep", "huge"],
)
def test_an_unreadable_acceptance_is_unknown(body):
    assert _answer_of(says(answers("201 Created", body))) == _unknown("unreadable_reply")


def test_a_compressed_answer_is_not_decompressed_however_small_it_looks():
    packed = gzip.compress(b'{"id": "sim-1"}')
    assert _answer_of(says(answers("200 OK", packed, "Content-Encoding: gzip"))) == _unknown("unreadable_reply")


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (says(b""), _unknown("connection_lost")),
        (resets, _unknown("connection_lost")),
        (says(b"SSH-2.0-OpenSSH\r\n\r\n"), _unknown("unreadable_reply")),
        (says(b"HTTP/1.1 201 Created\r\nContent-"), _unknown("connection_lost")),
        (says(OK[:-3]), _unknown("unreadable_reply")),
        (says(answers("429 Too Many Requests", b"{}", "Retry-After: 3")[:-1]),
         Answer("deferred", error_code="http_429", retry_after=3)),
    ],
    ids=["hangs-up", "resets", "garbage", "half-a-head", "half-a-body", "half-a-429"],
)  # fmt: skip
def test_an_interrupted_call_is_unknown_unless_its_status_was_clear(behaviour, expected):
    assert _answer_of(behaviour) == expected


def test_a_call_without_an_answer_in_time_is_unknown():
    assert _answer_of(hangs, timeout=0.2) == _unknown("timeout")


def test_an_answer_that_trickles_past_the_timeout_is_unknown():
    async def trickles(writer: asyncio.StreamWriter, n: int) -> None:
        writer.write(b"HTTP/1.1 201 Created\r\n")
        while True:  # one byte after another, so that no single read times out
            writer.write(b"X-More: 1\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    assert _answer_of(trickles, timeout=0.3) == _unknown("timeout")


def test_a_kept_connection_that_drops_does_not_send_the_message_again():
    async def answers_then_drops(writer: asyncio.StreamWriter, n: int) -> None:
        await (says(b"") if n == 2 else _keeps)(writer, n)

    async def _keeps(writer: asyncio.StreamWriter, n: int) -> None:
        writer.write(OK)
        await writer.drain()

    async def talk() -> tuple[list[Answer], int]:
        async with misbehaving(answers_then_drops) as server:
            provider = SimulatorOverHttp(server.url, session=LazySession(connections=1, timeout=10))
            got = [await provider.send(message(n=n)) for n in range(3)]
            await provider.close()
            return got, server.requests

    got, requests = asyncio.run(talk())
    assert [answer.outcome for answer in got] == ["accepted", "unknown", "accepted"]
    assert requests == 3


@pytest.fixture
def nobody_listening():
    """A port that is taken but refuses connections."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"


@pytest.fixture
def nobody_accepting():
    """A port whose queue of waiting connections is full, so that connecting hangs."""
    with ExitStack() as opened:
        listener = opened.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = opened.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_refused_connection_is_deferred(nobody_listening):
    assert asyncio.run(_send(nobody_listening)) == Answer("deferred", error_code="connect_failed")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems let a full queue take more")
def test_a_connection_that_is_not_made_in_time_is_deferred(nobody_accepting):
    answer = asyncio.run(_send(nobody_accepting, timeout=0.6))
    assert answer == Answer("deferred", error_code="connect_timeout")


def test_a_name_that_does_not_resolve_is_deferred():
    assert asyncio.run(_send("http://nowhere.invalid")).outcome == "deferred"


def test_a_server_that_cannot_speak_tls_is_deferred():
    async def talk() -> Answer:
        async def answer_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(answers("400 Bad Request"))
            writer.close()

        server = await asyncio.start_server(answer_plainly, "127.0.0.1", 0)
        async with server:
            return await _send(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    assert asyncio.run(talk()) == Answer("deferred", error_code="tls_failed")


@pytest.mark.parametrize("url", ["127.0.0.1:8025", "ftp://host", "http://", "http://host:port"])
def test_an_invalid_address_is_refused_at_once(url):
    with pytest.raises(BadSimulatorUrl, match="SIMULATOR_URL"):
        SimulatorOverHttp(url, session=LazySession(connections=1, timeout=1))


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        *((url, {}) for url in ("http://a..b/", "http://.example.com/", f"http://{'a' * 70}.com/", "http://xn--a/")),
        ("http://127.0.0.1:9/", {"X": "a\nb"}),
    ],
)
def test_what_cannot_be_written_is_found_before_anything_is_sent(url, headers):
    async def talk() -> object:
        async with session(connections=1, timeout=1) as http:
            return await post_bytes(http, url, b"", headers)

    assert asyncio.run(talk()) == Answer("halted", error_code="invalid_address")
