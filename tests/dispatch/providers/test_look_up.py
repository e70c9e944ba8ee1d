"""What a provider says of a message when it is asked, however it answers."""

import asyncio
import json

import pytest

from dispatch.providers import Answer, Receipt
from tests.dispatch.providers.dialects import DIALECTS, opened
from tests.dispatch.providers.misbehaving import answers, hangs, misbehaving, resets, says


def _found(status: str, document: object) -> bytes:
    return answers(status, json.dumps(document).encode())


FOUND = {"sid": "SM1", "status": "undelivered", "error_code": 30003}


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (says(_found("200 OK", FOUND)), Receipt("SM1:undelivered", "undelivered", None, "SM1", "30003")),
        (
            says(_found("200 OK", FOUND | {"status": "delivered", "error_code": None})),
            Receipt("SM1:delivered", "delivered", None, "SM1"),
        ),
        (says(_found("200 OK", FOUND | {"status": "queued"})), None),
        (says(_found("200 OK", FOUND | {"status": "sent"})), None),
        (says(_found("200 OK", FOUND | {"status": ["delivered"]})), None),
        (says(_found("200 OK", FOUND | {"sid": "SM2"})), None),
        (says(_found("200 OK", [])), None),
        (says(answers("200 OK", b"<html>")), None),
        (says(_found("404 Not Found", {"code": 20404})), None),
        (says(_found("401 Unauthorized", {"code": 20003})), Answer("halted", error_code="20003")),
        (says(_found("429 Too Many Requests", {"code": 20429})), Answer("deferred", error_code="20429")),
        (says(answers("503 Service Unavailable", b"")), Answer("unknown", error_code="http_503")),
        (resets, Answer("unknown", error_code="connection_lost")),
        (hangs, Answer("unknown", error_code="timeout")),
    ],
)
def test_what_twilio_answers_when_it_is_asked(behaviour, expected):
    async def look_up():
        async with misbehaving(behaviour) as server:
            provider = opened(DIALECTS["twilio"], server.url, timeout=0.5)
            try:
                return await provider.look_up("SM1")
            finally:
                await provider._link.http.close()

    assert asyncio.run(look_up()) == expected
