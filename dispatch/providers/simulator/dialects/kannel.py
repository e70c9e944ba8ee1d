"""Kannel's dialect: sendsms of smsbox by GET or POST, and delivery reports at the address that each request names.

https://www.kannel.org/download/1.4.5/userguide-1.4.5/userguide.html ("Using the HTTP interface to send SMS messages",
"Delivery Reports", "SMS-service"), and the sentences with which smsbox 1.4.5 answers.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, quote_plus, urlsplit
from uuid import uuid4

from aiohttp import web

from dispatch.providers.simulator.desk import LogUnwritable
from dispatch.providers.simulator.dialects import Setup
from dispatch.providers.simulator.phones import Event
from dispatch.providers.simulator.postman import Request, Said, Taken

KIND = "kannel"
_PHONE = re.compile(r"(?:\+|00)?([1-9][0-9]{6,14})", re.ASCII)
_ESCAPE = re.compile("%([dAIpPaQqTtk])")

_DECIDED = {
    "rejected": (403, "Not routable. Do not try again."),
    # It knows nothing of it.
    "opted_out": (403, "Not routable. Do not try again."),
    "deferred": (503, "Temporal failure, try again later."),
    "retryable": (503, "Temporal failure, try again later."),
    "unknown": (500, "Internal error"),
    "halted": (403, "Authorization failed for sendsms"),
}
#: The bit of dlr-mask for each event, and what the operator's system says with it.
_BITS = {"sent": 8, "delivered": 1, "undelivered": 2, "read": 1}
_ANSWERS = {
    "phone_unreachable": "stat:EXPIRED err:027",
    "number_does_not_exist": "stat:UNDELIV err:001",
    "blocked_by_recipient_or_carrier": "stat:REJECTD err:011",
    "filtered_as_spam": "stat:REJECTD err:088",
    "opted_out_at_provider": "stat:REJECTD err:011",
}


class KannelDialect:
    """Any user whose password is the secret. `callbacks` names the get-url of a sms-service, with its escapes."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def routes(self) -> list[web.RouteDef]:
        """Returns what it serves."""
        return [web.get("/cgi-bin/sendsms", self._send), web.post("/cgi-bin/sendsms", self._send)]

    async def _send(self, request: web.Request) -> web.Response:
        asked = await _asked(request)
        if not asked["username"] or not self._setup.is_secret(asked["password"]):
            return _text(*_DECIDED["halted"])
        if not asked["to"]:
            return _text(400, "Missing receiver number, rejected")
        if not asked["from"]:
            return _text(400, "Sender missing and no global set, rejected")
        matched = _PHONE.fullmatch(asked["to"])
        if matched is None:
            return _text(*_DECIDED["rejected"])
        taken = self._setup.taken(
            KIND,
            provider_id=str(uuid4()),
            phone=f"+{matched[1]}",
            body=asked["text"],
            reference=parse_qs(urlsplit(asked["dlr-url"]).query).get("ref", [None])[0],
            sender=asked["from"],
            status_url=asked["dlr-url"] or None,
            details={"mask": asked["dlr-mask"] if asked["dlr-mask"].isdigit() else "0", "from": asked["from"]},
        )
        try:
            decision = await self._setup.desk.take(_with_get_url(taken), self.requests)
        except LogUnwritable:
            return _text(*_DECIDED["unknown"])
        if decision.answer.outcome == "accepted":
            return _text(202, "0: Accepted for delivery")
        return _text(*_DECIDED[decision.answer.outcome])

    def requests(self, said: Sequence[Said]) -> list[Request]:
        """Returns a GET for each event that was asked for, of an address in which the escapes are filled in."""
        return [
            Request(_filled(taken.url_for(event) or "", taken, event), method="GET")
            for taken, event in said
            if event.what == "reply" or (int(taken.details["mask"]) & _BITS[event.what] and event.what != "read")
        ]


async def _asked(request: web.Request) -> dict[str, str]:
    """Returns the parameters, which a GET has in its address and a POST in its headers, with the text as its body."""
    names = ("username", "password", "to", "from", "text", "dlr-url", "dlr-mask")
    if request.method == "GET":
        query: Mapping[str, str] = request.query
        return {name: query.get(name) or query.get({"username": "user", "password": "pass"}.get(name, ""), "")
                for name in names}  # fmt: skip
    headers = {name: request.headers.get(f"X-Kannel-{name}", "") for name in names}
    return headers | {"text": (await request.read()).decode("utf-8", "replace")}


def _with_get_url(taken: Taken) -> Taken:
    """Returns it with the get-url that the manual of this service advises, where only a dlr-url is known."""
    url = taken.inbound_url
    if url is None or "%p" in url:
        return taken
    key = parse_qs(urlsplit(url).query).get("key", [""])[0]
    query = f"key={quote_plus(key)}&id=%I&from=%p&to=%P&text=%a"
    return Taken(taken.message, taken.provider_id, taken.status_url, url.partition("?")[0] + "?" + query, taken.details)


def _filled(url: str, taken: Taken, event: Event) -> str:
    reply = event.what == "reply"
    values = {
        "d": "" if reply else str(_BITS[event.what]),
        "A": _ANSWERS.get(event.reason or "", "") if event.reason else "",
        "I": f"{taken.provider_id}-mo" if reply else taken.provider_id,
        # Of a receipt and of a reply alike: who sent, and to whom.
        "p": taken.message.phone if reply else taken.details["from"],
        "P": taken.details["from"] if reply else taken.message.phone,
        "a": event.text,
    }
    return _ESCAPE.sub(lambda found: quote_plus(values.get(found[1], "")), url)


def _text(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text)
