"""Every kind of provider, against a real server: each answer it documents, and everything that may go wrong."""

import asyncio
import json
import socket

import pytest

from dispatch.providers import Answer, twilio, vonage, whatsapp_cloud
from dispatch.providers.http import MAX_REPLY_BYTES
from dispatch.providers.kinds import KINDS
from tests.dispatch.providers.dialects import DIALECTS, expected, opened, outgoing
from tests.dispatch.providers.documented import META_CODES, TWILIO_CODES, VONAGE_CODES, each_of
from tests.dispatch.providers.misbehaving import answers, hangs, misbehaving, resets, says

EACH = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
# Tested as messaging-service and simulator, whose dialects are ours.
ELSEWHERE = {"messaging_service", "simulated"}

CASES = [
    pytest.param(dialect, reply, *means, id=f"{dialect.kind}-{n}-{means[1]}")
    for dialect in DIALECTS.values()
    for n, (reply, means) in enumerate(dialect.cases.items())
]
MALFORMED = [
    pytest.param(dialect, body, id=f"{dialect.kind}-{n}")
    for dialect in DIALECTS.values()
    for n, body in enumerate(dialect.malformed)
]
# What proves, with any provider, that nothing clear came back.
UNCLEAR = {
    "hangs-up": (says(b""), "connection_lost"),
    "resets": (resets, "connection_lost"),
    "garbage": (says(b"SSH-2.0-OpenSSH\r\n\r\n"), "unreadable_reply"),
    "half-a-head": (says(b"HTTP/1.1 200 OK\r\nContent-"), "connection_lost"),
    "redirect": (says(answers("302 Found", b"", "Location: /elsewhere")), "http_302"),
    "see-other": (says(answers("303 See Other", b"", "Location: http://127.0.0.1:1/")), "http_303"),
    "permanent": (says(answers("308 Permanent Redirect", b"", "Location: /elsewhere")), "http_308"),
    "timeout-of-a-proxy": (says(answers("408 Request Timeout")), "http_408"),
    "error": (says(answers("500 Internal Server Error")), "http_500"),
    "bad-gateway": (says(answers("502 Bad Gateway", b"<html>")), "http_502"),
    "unavailable": (says(answers("503 Service Unavailable")), "http_503"),
}


def answer_of(dialect, behaviour, *, timeout=10):
    async def talk():
        async with misbehaving(behaviour) as server:
            answer = await sent(dialect, server.url, timeout=timeout)
            assert server.requests == 1
            return answer

    return asyncio.run(talk())


async def sent(dialect, url, *, timeout=10):
    provider = opened(dialect, url, timeout=timeout)
    try:
        return await provider.send(outgoing(dialect))
    finally:
        await provider._link.http.close()


def test_every_kind_has_a_dialect():
    assert set(DIALECTS) | ELSEWHERE == set(KINDS)


@pytest.mark.parametrize(
    ("table", "documented"),
    [(twilio.CODES, TWILIO_CODES), (vonage.STATUSES, VONAGE_CODES), (whatsapp_cloud.CODES, META_CODES)],
    ids=["twilio", "vonage", "whatsapp_cloud"],
)
def test_each_code_of_a_table_is_tried(table, documented):
    assert set(table) <= {code for _, code, _ in each_of(documented)}


@EACH
def test_an_acceptance_is_one(dialect):
    assert answer_of(dialect, says(dialect.accepts)) == Answer("accepted", dialect.provider_id)


@pytest.mark.parametrize(("dialect", "reply", "outcome", "code"), CASES)
def test_each_documented_answer_means_what_the_table_says(dialect, reply, outcome, code):
    answer = answer_of(dialect, says(reply))
    assert answer._replace(retry_after=None) == expected(outcome, code)


@pytest.mark.parametrize(("dialect", "body"), MALFORMED)
def test_an_acceptance_that_cannot_be_read_is_unknown(dialect, body):
    status = dialect.accepts.split(b"\r\n")[0].removeprefix(b"HTTP/1.1 ").decode()
    assert answer_of(dialect, says(answers(status, body))) == expected("unknown", "unreadable_reply")


@EACH
@pytest.mark.parametrize("unclear", UNCLEAR)
def test_what_is_unclear_is_unknown(dialect, unclear):
    behaviour, code = UNCLEAR[unclear]
    assert answer_of(dialect, behaviour) == expected("unknown", code)


@EACH
def test_half_an_acceptance_is_unknown(dialect):
    head, _, body = dialect.accepts.partition(b"\r\n\r\n")
    for cut in (0, 1, len(body) - 1):
        answer = answer_of(dialect, says(head + b"\r\n\r\n" + body[:cut]))
        assert answer == expected("unknown", "unreadable_reply" if dialect.kind != "webhook" else answer.error_code)


@EACH
def test_a_huge_answer_is_not_read_to_its_end(dialect):
    padded = json.dumps({"id": "x", "sid": "x", "padding": "x" * MAX_REPLY_BYTES}).encode()
    assert answer_of(dialect, says(answers("200 OK", padded))).outcome == "unknown"


@EACH
def test_a_slow_answer_is_unknown(dialect):
    assert answer_of(dialect, hangs, timeout=0.3) == expected("unknown", "timeout")


@EACH
@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_a_refusal_of_our_account_halts(dialect, status):
    assert answer_of(dialect, says(answers(status, b"<html>"))).outcome == "halted"


@EACH
def test_a_429_waits_as_long_as_it_says_even_if_its_body_is_broken(dialect):
    reply = answers("429 Too Many Requests", b"{}", "Retry-After: 7")
    for each in (reply, reply[:-1]):
        assert answer_of(dialect, says(each)) == Answer("deferred", error_code="http_429", retry_after=7)


@EACH
def test_a_connection_that_is_refused_is_deferred(dialect):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        answer = asyncio.run(sent(dialect, f"http://127.0.0.1:{listening.getsockname()[1]}"))
    assert answer == expected("deferred", "connect_failed")


@EACH
def test_a_kept_connection_that_drops_does_not_send_twice(dialect):
    async def answers_then_drops(writer, n):
        if n == 2:
            writer.close()
        else:
            writer.write(dialect.accepts)
            await writer.drain()

    async def talk():
        async with misbehaving(answers_then_drops) as server:
            provider = opened(dialect, server.url)
            got = [(await provider.send(outgoing(dialect))).outcome for _ in range(3)]
            await provider._link.http.close()
            return got, server.requests

    assert asyncio.run(talk()) == (["accepted", "unknown", "accepted"], 3)


@EACH
@pytest.mark.parametrize(
    ("reply", "ok"),
    [
        (answers("401 Unauthorized", b"{}"), False),
        (answers("500 Internal Server Error"), False),
        (b"", False),
    ],
    ids=["refused", "error", "nothing"],
)
def test_trying_out_says_what_is_wrong_and_no_secret(dialect, reply, ok):
    async def talk():
        async with misbehaving(says(reply)) as server:
            provider = opened(dialect, server.url)
            probe = await provider.probe()
            await provider._link.http.close()
            return probe

    probe = asyncio.run(talk())
    assert probe.ok is ok
    assert probe.text.endswith(".")
    assert not any(value in probe.text for value in dialect.settings.values())
