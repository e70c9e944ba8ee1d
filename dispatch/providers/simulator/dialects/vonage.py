"""Vonage's dialect: the SMS API, whose every answer is a 200 with a status, and signed delivery receipts.

https://developer.vonage.com/en/api/sms, https://developer.vonage.com/en/api-errors/sms,
https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts,
https://developer.vonage.com/en/messaging/sms/guides/inbound-sms,
https://developer.vonage.com/en/getting-started/concepts/signing-messages,
https://developer.vonage.com/en/opt-out-assist/guides/messaging-opted-out-numbers
"""

import hashlib
import json
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from aiohttp import BasicAuth, web

from dispatch.providers.simulator.desk import LogUnwritable
from dispatch.providers.simulator.dialects import Setup, is_address
from dispatch.providers.simulator.phones import Event
from dispatch.providers.simulator.postman import Request, Said, Taken

KIND = "vonage"
_DIGITS = re.compile(r"\+?([1-9][0-9]{6,14})", re.ASCII)
MOST_CALLBACK = 100

_DECIDED = {
    "rejected": ("3", "Invalid value for parameter: to"),
    # It says so in a receipt only.
    "opted_out": ("7", "Number Barred"),
    "deferred": ("1", "Throughput Rate Exceeded - please wait [ 250 ] and retry"),
    "retryable": ("10", "Too Many Existing Binds"),
    "unknown": ("5", "Internal Error"),
    "halted": ("4", "Bad Credentials"),
}
_STATES = {"sent": "accepted", "delivered": "delivered", "undelivered": "failed", "read": "delivered"}
_CODES = {
    "phone_unreachable": "2",
    "number_does_not_exist": "3",
    "blocked_by_recipient_or_carrier": "4",
    "filtered_as_spam": "6",
    "opted_out_at_provider": "9",
}


class VonageDialect:
    """Any API key whose secret is the secret, which also signs what is posted (md5hash)."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def routes(self) -> list[web.RouteDef]:
        """Returns what it serves."""
        return [web.post("/sms/json", self._send), web.get("/account/get-balance", self._balance)]

    async def _send(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        key, secret = _credentials(request)
        if problem := self._problem(form, key, secret):
            return _answer(problem)
        matched = _DIGITS.fullmatch(form["to"])
        assert matched
        # Receipts are asked for with status-report-req, which is on unless it is 0.
        status_url = form.get("callback") if form.get("status-report-req") != "0" else None
        taken = self._setup.taken(
            KIND,
            provider_id=str(uuid4()),
            phone=f"+{matched[1]}",
            body=form["text"],
            reference=form.get("client-ref"),
            sender=form["from"],
            status_url=status_url,
            details={"from": form["from"], "key": key, "ref": form.get("client-ref", "")},
        )
        try:
            decision = await self._setup.desk.take(taken, self.requests)
        except LogUnwritable:
            return _answer(_DECIDED["unknown"])
        if decision.answer.outcome != "accepted":
            return _answer(_DECIDED[decision.answer.outcome])
        part = {
            "to": matched[1],
            "message-id": taken.provider_id,
            "status": "0",
            "remaining-balance": "100.00000000",
            "message-price": "0.03330000",
            "network": "12345",
        }
        named = {"client-ref": form["client-ref"]} if form.get("client-ref") else {}
        return web.json_response({"message-count": "1", "messages": [part | named]})

    def _problem(self, form: Mapping[str, str], key: str, secret: str) -> tuple[str, str] | None:
        if not key:
            return "2", "Missing api_key"
        for name in ("from", "to", "text"):
            if not form.get(name):
                return "2", f"Missing {name} param"
        if not self._setup.is_secret(secret):
            return _DECIDED["halted"]
        if not _DIGITS.fullmatch(form["to"]):
            return _DECIDED["rejected"]
        callback = form.get("callback")
        if callback and (len(callback) > MOST_CALLBACK or not is_address(callback)):
            return "23", "Invalid callback url"
        return None

    async def _balance(self, request: web.Request) -> web.Response:
        if not self._setup.is_secret(_credentials(request)[1]):
            return web.json_response({"error-code": "401", "error-code-label": "authentication failed"}, status=401)
        return web.json_response({"value": 100.0, "autoReload": False})

    def requests(self, said: Sequence[Said]) -> list[Request]:
        """Returns one signed request for each event; Vonage tells nothing of what was read."""
        return [self._request(taken, event) for taken, event in said if event.what != "read"]

    def _request(self, taken: Taken, event: Event) -> Request:
        phone = taken.message.phone.removeprefix("+")
        ours = {"to": taken.details["from"], "msisdn": phone, "api-key": taken.details["key"]}
        fields = ours | (_incoming(taken, event) if event.what == "reply" else _receipt(taken, event))
        fields |= {"timestamp": str(int(time.time())), "nonce": secrets.token_hex(8)}
        fields["sig"] = self._signature(fields)
        return Request(taken.url_for(event) or "", json.dumps(fields).encode(), {"Content-Type": "application/json"})

    def _signature(self, fields: Mapping[str, str]) -> str:
        """Returns the hash of the parameters in alphabetical order, of which & and = are replaced, and the secret."""
        flat = (f"&{name}={re.sub('[&=]', '_', fields[name])}" for name in sorted(fields))
        return hashlib.md5(("".join(flat) + self._setup.secret).encode(), usedforsecurity=False).hexdigest()


def _credentials(request: web.Request) -> tuple[str, str]:
    """Returns the API key and its secret; empty ones where the request has none."""
    try:
        given = BasicAuth.decode(request.headers.get("Authorization", ""))
    except ValueError:
        return "", ""
    return given.login, given.password


def _receipt(taken: Taken, event: Event) -> dict[str, str]:
    now = datetime.now(UTC)
    named = {"client-ref": taken.details["ref"]} if taken.details["ref"] else {}
    return named | {
        "network-code": "12345",
        "messageId": taken.provider_id,
        "price": "0.03330000",
        "status": _STATES[event.what],
        "scts": f"{now:%y%m%d%H%M}",
        "err-code": _CODES.get(event.reason or "", "0"),
        "message-timestamp": f"{now:%Y-%m-%d %H:%M:%S}",
    }


def _incoming(taken: Taken, event: Event) -> dict[str, str]:
    words = event.text.split()
    return {
        "messageId": f"{taken.provider_id}R",
        "text": event.text,
        "type": "text" if event.text.isascii() else "unicode",
        "keyword": words[0].upper() if words else "",
        "message-timestamp": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
    }


def _answer(problem: tuple[str, str]) -> web.Response:
    status, text = problem
    return web.json_response({"message-count": "1", "messages": [{"status": status, "error-text": text}]})
