"""Twilio's dialect: Messages.json of the account, signed status callbacks, and looking a message up.

https://github.com/twilio/twilio-oai (twilio_api_v2010.json: CreateMessage, FetchMessage),
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status,
https://www.twilio.com/docs/messaging/guides/webhook-request, https://www.twilio.com/docs/usage/security
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from email.utils import formatdate
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import BasicAuth, web

from dispatch.providers.simulator.desk import LogUnwritable
from dispatch.providers.simulator.dialects import Setup, is_address
from dispatch.providers.simulator.phones import Event
from dispatch.providers.simulator.postman import Request, Said, Taken
from models.row import JsonObject

KIND = "twilio"
_PHONE = re.compile(r"(whatsapp:)?(\+[1-9][0-9]{6,14})", re.ASCII)
MOST_LETTERS = 1600

#: https://www.twilio.com/docs/api/errors: status, code and message for each thing that the simulation may decide.
_DECIDED = {
    "rejected": (400, 21211, "The 'To' number is not a valid phone number."),
    "opted_out": (400, 21610, "Attempt to send to unsubscribed recipient"),
    "deferred": (429, 20429, "Too Many Requests"),
    "retryable": (400, 21611, "This 'From' number has exceeded the maximum number of queued messages"),
    "unknown": (500, 20500, "An internal server error has occurred"),
    "halted": (401, 20003, "Authenticate"),
}
_CODES = {
    "phone_unreachable": "30003",
    "number_does_not_exist": "30005",
    "blocked_by_recipient_or_carrier": "30004",
    "filtered_as_spam": "30007",
    "opted_out_at_provider": "21610",
}


class TwilioDialect:
    """Any account SID whose auth token is the secret."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def routes(self) -> list[web.RouteDef]:
        """Returns what it serves."""
        account = "/2010-04-01/Accounts/{account:AC[0-9a-fA-F]{32}}"
        return [
            web.post(f"{account}/Messages.json", self._create),
            web.get(f"{account}/Messages/{{sid:(?:SM|MM)[0-9a-f]{{32}}}}.json", self._fetch),
            web.get(f"{account}.json", self._account),
        ]

    async def _create(self, request: web.Request) -> web.Response:
        if not self._is_authorized(request):
            return _error(*_DECIDED["halted"])
        form = {name: str(value) for name, value in (await request.post()).items()}
        if problem := _problem(form):
            return _error(400, *problem)
        matched = _PHONE.fullmatch(form["To"])
        assert matched
        status_url = form.get("StatusCallback")
        sender = form.get("From") or form.get("MessagingServiceSid")
        taken = self._setup.taken(
            KIND,
            provider_id=f"SM{secrets.token_hex(16)}",
            phone=matched[2],
            body=form.get("Body") or form.get("ContentVariables", ""),
            reference=_reference(status_url),
            sender=sender,
            channel="whatsapp" if matched[1] else "sms",
            status_url=status_url,
            details={
                "account": request.match_info["account"],
                "from": form.get("From", ""),
                "service": form.get("MessagingServiceSid", ""),
                "to": form["To"],
            },
        )
        try:
            decision = await self._setup.desk.take(taken, self.requests)
        except LogUnwritable:
            return _error(*_DECIDED["unknown"])
        if decision.answer.outcome == "accepted":
            return web.json_response(_resource(taken, "queued" if form.get("From") else "accepted"), status=201)
        return _error(*_DECIDED[decision.answer.outcome], retry_after=decision.answer.retry_after)

    async def _fetch(self, request: web.Request) -> web.Response:
        if not self._is_authorized(request):
            return _error(*_DECIDED["halted"])
        found = self._setup.desk.found(request.match_info["sid"])
        if found is None or found[0].details.get("account") != request.match_info["account"]:
            return _error(404, 20404, "The requested resource was not found")
        taken, last = found
        code = _CODES.get(last.reason or "") if last else None
        resource = _resource(taken, last.what if last else "sent")
        return web.json_response(resource | {"error_code": int(code) if code else None})

    async def _account(self, request: web.Request) -> web.Response:
        if not self._is_authorized(request):
            return _error(*_DECIDED["halted"])
        return web.json_response({"sid": request.match_info["account"], "status": "active", "type": "Full"})

    def _is_authorized(self, request: web.Request) -> bool:
        try:
            given = BasicAuth.decode(request.headers.get("Authorization", ""))
        except ValueError:
            return False
        return given.login == request.match_info["account"] and self._setup.is_secret(given.password)

    def requests(self, said: Sequence[Said]) -> list[Request]:
        """Returns one signed request for each event, as status callbacks and incoming messages are."""
        return [self._request(taken, event) for taken, event in said]

    def _request(self, taken: Taken, event: Event) -> Request:
        url = taken.url_for(event) or ""
        fields = _incoming(taken, event) if event.what == "reply" else _status(taken, event)
        signed = url + "".join(name + value for name, value in sorted(fields.items()))
        digest = hmac.new(self._setup.secret.encode(), signed.encode(), hashlib.sha1).digest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": base64.b64encode(digest).decode(),
        }
        return Request(url, urlencode(fields).encode(), headers)


def _problem(form: dict[str, str]) -> tuple[int, str] | None:
    if not form.get("To"):
        return 21604, "A 'To' phone number is required."
    if not _PHONE.fullmatch(form["To"]):
        return 21211, "The 'To' number is not a valid phone number."
    if not form.get("From") and not form.get("MessagingServiceSid"):
        return 21603, "A 'From' phone number is required."
    if not any(form.get(name) for name in ("Body", "MediaUrl", "ContentSid")):
        return 21602, "Message body is required."
    if len(form.get("Body", "")) > MOST_LETTERS:
        return 21617, "The concatenated message body exceeds the 1600 character limit"
    if form.get("StatusCallback") and not is_address(form["StatusCallback"]):
        return 21609, "The 'StatusCallback' URL is not a valid URL"
    return None


def _reference(status_url: str | None) -> str | None:
    """Returns what the log calls the message: Twilio has no field for it, so it is in the address."""
    return parse_qs(urlsplit(status_url or "").query).get("ref", [None])[0]


def _resource(taken: Taken, status: str) -> JsonObject:
    return resource(taken.provider_id, taken.details, body=taken.message.body, status=status)


def resource(sid: str, details: Mapping[str, str], *, body: str, status: str) -> JsonObject:
    """Returns a message as Twilio describes it; `details` are its account, messaging service, `to` and `from`."""
    now = formatdate(usegmt=False)
    path = f"/2010-04-01/Accounts/{details['account']}/Messages/{sid}"
    return {
        "sid": sid,
        "account_sid": details["account"],
        "messaging_service_sid": details["service"] or None,
        "to": details["to"],
        "from": details["from"] or None,
        "body": body,
        "status": status,
        "direction": "outbound-api",
        "api_version": "2010-04-01",
        "num_segments": "1",
        "num_media": "0",
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "error_message": None,
        "date_created": now,
        "date_updated": now,
        "date_sent": None,
        "uri": f"{path}.json",
        "subresource_uris": {"media": f"{path}/Media.json"},
    }


def _status(taken: Taken, event: Event) -> dict[str, str]:
    fields = {
        "MessageSid": taken.provider_id,
        "SmsSid": taken.provider_id,
        "MessageStatus": event.what,
        "SmsStatus": event.what,
        "AccountSid": taken.details["account"],
        "From": taken.details["from"],
        "To": taken.details["to"],
        "ApiVersion": "2010-04-01",
    }
    return fields | ({"ErrorCode": _CODES[event.reason]} if event.reason else {})


def _incoming(taken: Taken, event: Event) -> dict[str, str]:
    sid = f"SM{hashlib.md5(taken.provider_id.encode(), usedforsecurity=False).hexdigest()}"
    ours = taken.details["from"] or "+15005550006"
    return {
        **dict.fromkeys(("MessageSid", "SmsSid", "SmsMessageSid"), sid),
        "AccountSid": taken.details["account"],
        "From": taken.details["to"],
        "To": ours,
        "Body": event.text,
        "NumMedia": "0",
        "NumSegments": "1",
        "ApiVersion": "2010-04-01",
    }


def _error(status: int, code: int, message: str, *, retry_after: float | None = None) -> web.Response:
    document = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return web.json_response(document, status=status, headers=headers)
