"""The dialect of each kind of provider: how one is set up, what it accepts with, and what each of its answers means.

Adding a provider means adding one of these; test_conformance.py does the rest.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dispatch.providers import Answer, Kind, Outgoing
from dispatch.providers.kinds import KINDS
from dispatch.providers.link import Link
from dispatch.providers.sessions import LazySession
from tests.dispatch.providers.documented import META_CODES, TWILIO_CODES, VONAGE_CODES, each_of
from tests.dispatch.providers.misbehaving import answers

HOOKS = "https://hooks.example.com/hooks/kind/7"
KEY = "k3y"
TWILIO = {"account_sid": "AC" + "0" * 32, "auth_token": "t0ken", "from": "+15005550006"}
VONAGE = {"api_key": "abcd1234", "api_secret": "s3cret", "from": "Acme"}
KANNEL = {"username": "tester", "password": "foobar", "from": "Acme"}
WHATSAPP = {"phone_number_id": "10987654321", "access_token": "EAAG", "app_secret": "s3cret"}
DENIED = "Number(s) has/have been denied by white- and/or black-lists."
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


def opened(
    dialect: Dialect,
    url: str,
    *,
    timeout: float = 10,
    hooks: bool = True,
    keys: tuple[str, ...] = (KEY, "old"),
    **changes: str,
) -> Kind:
    """Returns a provider of this kind that calls the url."""
    kind = KINDS[dialect.kind]
    link = Link(
        name=f"{dialect.kind}:7",
        http=LazySession(connections=4, timeout=timeout),
        base_url=url,
        hooks_url=HOOKS if hooks else None,
        hook_keys=keys,
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


def _meta(status: str, code: int, **more: int) -> bytes:
    return _json(status, {"error": {"message": "…", "type": "OAuthException", "code": code, "fbtrace_id": "A"} | more})


def _kannel(status: str, text: str) -> bytes:
    return answers(status, text.encode())


DIALECTS = {
    dialect.kind: dialect
    for dialect in (
        Dialect(
            "twilio",
            TWILIO,
            _json("201 Created", {"sid": "SM1", "status": "queued", "error_code": None}),
            "SM1",
            cases={
                **{_twilio(status, int(code)): (means, code) for status, code, means in each_of(TWILIO_CODES)},
                # Something else is at this address.
                _json("404 Not Found", {}): ("halted", "http_404"),
                answers("405 Method Not Allowed", b"<html>"): ("halted", "http_405"),
            },
            malformed=(b"", b"<html>", b"[]", b"{}", b'{"sid": true}', b'{"sid": ""}', b'{"sid": "a\\u0000"}'),
        ),
        Dialect(
            "vonage",
            VONAGE,
            _vonage("0"),
            "v-0",
            cases={
                **{_vonage(code): (means, code) for _, code, means in each_of(VONAGE_CODES)},
                answers("404 Not Found", b"<html>"): ("halted", "http_404"),
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
                _kannel("202 Accepted", "3: Queued for later delivery"): ("accepted", None),
                # With immediate-sendsms-reply.
                _kannel("202 Accepted", "Sent."): ("accepted", None),
                _kannel("202 Accepted", "Sent. Message splits: 3"): ("accepted", None),
                _kannel("400 Bad Request", "Missing receiver number, rejected"): ("rejected", "http_400"),
                _kannel("400 Bad Request", "Empty receiver number not allowed, rejected"): ("rejected", "http_400"),
                _kannel("400 Bad Request", "Charset or body misformed, rejected"): ("rejected", "http_400"),
                _kannel("400 Bad Request", "Sender missing and no global set, rejected"): ("halted", "bad_settings"),
                _kannel("400 Bad Request", "DLR-URL field misformed, rejected"): ("halted", "bad_settings"),
                _kannel("400 Bad Request", DENIED): ("rejected", "not_routable"),
                _kannel("403 Forbidden", DENIED): ("rejected", "not_routable"),
                _kannel("403 Forbidden", "Authorization failed for sendsms"): ("halted", "http_403"),
                _kannel("403 Forbidden", "Not routable. Do not try again."): ("rejected", "not_routable"),
                _kannel("404 Not Found", "Unknown request."): ("halted", "http_404"),
                _kannel("500 Internal Server Error", "Sending failed."): ("unknown", "http_500"),
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
                **{_meta(status, int(code)): (means, code) for status, code, means in each_of(META_CODES)},
                # A phone_number_id that does not exist.
                _meta("400 Bad Request", 100, error_subcode=33): ("halted", "100"),
                _json("404 Not Found", {}): ("halted", "http_404"),
            },
            malformed=(b"", b"<html>", b"[]", b"{}", b'{"messages": []}', b'{"messages": [7]}',
                       b'{"messages": [{"id": 7.5}]}'),
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
                _json("410 Gone", {"error": {"code": "opted_out"}}): ("opted_out", "opted_out"),
                _json("403 Forbidden", {"error": {"code": "opted_out"}}): ("opted_out", "opted_out"),
                _json("500 Internal Server Error", {"error": {"code": "opted_out"}}): ("unknown", "opted_out"),
                _json("401 Unauthorized", {}): ("halted", "http_401"),
            },
        ),
    )
}  # fmt: skip
