"""The dialect of each kind of provider: how one is set up, what it accepts with, and what each of its answers means.

Adding a provider means adding one of these; test_conformance.py does the rest.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dispatch.providers import Answer, Kind, Outgoing
from dispatch.providers.http import LazySession
from dispatch.providers.kinds import KINDS
from dispatch.providers.link import Link
from tests.dispatch.providers.misbehaving import answers

HOOKS = "https://hooks.example.com/hooks/kind/7"
KEY = "k3y"
TWILIO = {"account_sid": "AC" + "0" * 32, "auth_token": "t0ken", "from": "+15005550006"}
VONAGE = {"api_key": "abcd", "api_secret": "s3cret", "from": "Acme"}
KANNEL = {"username": "tester", "password": "foobar", "from": "Acme"}
WHATSAPP = {"phone_number_id": "10987654321", "access_token": "EAAG", "app_secret": "s3cret"}
WEBHOOK = {"secret": "whsec_" + "QUJD" * 10}


@dataclass(frozen=True)
class Dialect:
    """A kind of provider, as its tests see it."""

    kind: str
    settings: Mapping[str, str]
    #: The answer with which it accepts, and the id in it.
    accepts: bytes
    provider_id: str | None
    channel: str = "sms"
    #: Its other documented answers, and what each means: the outcome and the error code.
    cases: Mapping[bytes, tuple[str, str | None]] = field(default_factory=dict)
    #: Complete acceptances in which nothing can be read.
    malformed: tuple[bytes, ...] = ()


def opened(dialect: Dialect, url: str, *, timeout: float = 10, hooks: bool = True, **changes: str) -> Kind:
    """Returns a provider of this kind that calls the url."""
    kind = KINDS[dialect.kind]
    link = Link(
        name=f"{dialect.kind}:7",
        http=LazySession(connections=4, timeout=timeout),
        base_url=url,
        hooks_url=HOOKS if hooks else None,
        hook_keys=(KEY, "old"),
        timeout=timeout,
    )
    return kind.open(kind.settings.model_validate({**dialect.settings, **changes}), link)


def outgoing(dialect: Dialect, body: str = "Γειά 👋") -> Outgoing:
    """Returns a message on the channel of the dialect."""
    return Outgoing(dialect.channel, None, "+306912345678", body, reference="7-0", token="7-0-ff", attempt=1)


def expected(outcome: Any, code: str | None) -> Answer:
    """Returns the answer of a case."""
    return Answer(outcome, error_code=code)


def _json(status: str, document: Any) -> bytes:
    return answers(status, json.dumps(document).encode())


def _twilio(status: str, code: int) -> bytes:
    error = {"code": code, "message": "…", "more_info": "…", "status": int(status[:3])}
    return _json(status, error)


def _vonage(*statuses: str) -> bytes:
    parts = [{"status": each, "message-id": f"v-{n}", "to": "1"} for n, each in enumerate(statuses)]
    return _json("200 OK", {"message-count": str(len(parts)), "messages": parts})


def _meta(status: str, code: int) -> bytes:
    return _json(status, {"error": {"message": "…", "type": "OAuthException", "code": code, "fbtrace_id": "A"}})


def _kannel(status: str, text: str) -> bytes:
    return answers(status, text.encode())


DIALECTS = {
    each.kind: each
    for each in (
        Dialect(
            "twilio",
            TWILIO,
            _json("201 Created", {"sid": "SM1", "status": "queued", "error_code": None}),
            "SM1",
            cases={
                _twilio("400 Bad Request", 21211): ("rejected", "21211"),
                _twilio("400 Bad Request", 21408): ("rejected", "21408"),
                _twilio("400 Bad Request", 21610): ("rejected", "21610"),
                _twilio("400 Bad Request", 21614): ("rejected", "21614"),
                _twilio("400 Bad Request", 21635): ("rejected", "21635"),
                _twilio("400 Bad Request", 63016): ("rejected", "63016"),
                _twilio("400 Bad Request", 99999): ("rejected", "99999"),
                _twilio("400 Bad Request", 21606): ("halted", "21606"),
                _twilio("400 Bad Request", 21611): ("deferred", "21611"),
                _twilio("400 Bad Request", 63018): ("deferred", "63018"),
                _twilio("401 Unauthorized", 20003): ("halted", "20003"),
                _twilio("403 Forbidden", 20005): ("halted", "20005"),
                _twilio("404 Not Found", 20404): ("halted", "20404"),
                _twilio("429 Too Many Requests", 20429): ("deferred", "20429"),
                _twilio("500 Internal Server Error", 20500): ("unknown", "20500"),
                # Whatever it says, it may have left.
                _twilio("503 Service Unavailable", 20429): ("unknown", "20429"),
            },
            malformed=(b"", b"<html>", b"[]", b"{}", b'{"sid": 7}', b'{"sid": ""}', b'{"sid": "a\\u0000"}'),
        ),
        Dialect(
            "vonage",
            VONAGE,
            _vonage("0"),
            "v-0",
            cases={
                _vonage("1"): ("deferred", "1"),
                _vonage("2"): ("halted", "2"),
                _vonage("3"): ("rejected", "3"),
                _vonage("4"): ("halted", "4"),
                _vonage("5"): ("unknown", "5"),
                _vonage("6"): ("rejected", "6"),
                _vonage("7"): ("rejected", "7"),
                _vonage("8"): ("halted", "8"),
                _vonage("9"): ("halted", "9"),
                _vonage("10"): ("deferred", "10"),
                _vonage("15"): ("halted", "15"),
                _vonage("29"): ("rejected", "29"),
                _vonage("77"): ("unknown", "77"),
                # A text of two segments of which one has left.
                _vonage("0", "1"): ("unknown", "1"),
                _vonage("6", "6"): ("rejected", "6"),
            },
            malformed=(b"", b"<html>", b"[]", b"{}", b'{"messages": []}', b'{"messages": 7}', b'{"messages": ["0"]}',
                       b'{"messages": [{"status": "0"}]}'),
        ),
        Dialect(
            "kannel",
            KANNEL,
            _kannel("202 Accepted", "0: Accepted for delivery"),
            None,
            cases={
                _kannel("400 Bad Request", "Missing receiver number, rejected"): ("rejected", "http_400"),
                _kannel("403 Forbidden", "Authorization failed for sendsms"): ("halted", "http_403"),
                _kannel("403 Forbidden", "Not routable. Do not try again."): ("rejected", "not_routable"),
                _kannel("403 Forbidden", "Number(s) has/have been denied by white- and/or black-lists."): (
                    "rejected",
                    "not_routable",
                ),
                _kannel("503 Service Unavailable", "Temporal failure, try again later."): (
                    "deferred",
                    "temporal_failure",
                ),
                _kannel("503 Service Unavailable", "<html>a proxy</html>"): ("unknown", "http_503"),
            },
            malformed=(b"", b"<html>", b"1: something new", b"{}"),
        ),
        Dialect(
            "whatsapp_cloud",
            WHATSAPP,
            _json("200 OK", {"messaging_product": "whatsapp", "messages": [{"id": "wamid.1"}]}),
            "wamid.1",
            channel="whatsapp",
            cases={
                _meta("401 Unauthorized", 190): ("halted", "190"),
                _meta("500 Internal Server Error", 3): ("halted", "3"),
                _meta("403 Forbidden", 200): ("halted", "200"),
                _meta("400 Bad Request", 100): ("rejected", "100"),
                _meta("400 Bad Request", 131026): ("rejected", "131026"),
                _meta("400 Bad Request", 131047): ("rejected", "131047"),
                _meta("400 Bad Request", 131042): ("halted", "131042"),
                _meta("404 Not Found", 132001): ("halted", "132001"),
                _meta("400 Bad Request", 132000): ("halted", "132000"),
                _meta("400 Bad Request", 132015): ("halted", "132015"),
                _meta("429 Too Many Requests", 130429): ("deferred", "130429"),
                _meta("429 Too Many Requests", 80007): ("deferred", "80007"),
                _meta("400 Bad Request", 4): ("deferred", "4"),
                _meta("500 Internal Server Error", 131000): ("unknown", "131000"),
                _meta("503 Service Unavailable", 2): ("unknown", "2"),
                _meta("400 Bad Request", 999999): ("rejected", "999999"),
            },
            malformed=(b"", b"<html>", b"[]", b"{}", b'{"messages": []}', b'{"messages": [7]}',
                       b'{"messages": [{"id": 7}]}'),
        ),
        Dialect(
            "webhook",
            WEBHOOK,
            _json("200 OK", {"id": "w-1"}),
            "w-1",
            cases={
                _json("422 Unprocessable", {"error": {"code": "busy", "retryable": True}}): ("retryable", "busy"),
                _json("422 Unprocessable", {"error": {"code": "nope"}}): ("rejected", "nope"),
                _json("400 Bad Request", {"error": {"code": "no_such_number"}}): ("rejected", "no_such_number"),
                _json("401 Unauthorized", {}): ("halted", "http_401"),
            },
        ),
    )
}  # fmt: skip
