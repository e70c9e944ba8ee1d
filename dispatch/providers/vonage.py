"""Vonage (formerly Nexmo): SMS through its SMS API.

https://developer.vonage.com/en/api/sms
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr

from dispatch.providers import Answer, Callback, Outgoing, Probe, Receipt
from dispatch.providers.gsm7 import needs_unicode
from dispatch.providers.http import Outcomes, Reply, get, post_form, refusal, short_word
from dispatch.providers.link import ANY_SENDER, UNPAIRED, Link, ProviderSettings, matches_any, probed
from dispatch.providers.receipts import fields_of

API = "https://rest.nexmo.com"
# https://developer.vonage.com/en/api/sms: a longer address is status 23. Without one, receipts go to the dashboard's.
MAX_CALLBACK = 100

# https://developer.vonage.com/en/api-errors/sms, and x-errors of https://developer.vonage.com/en/api/sms (1.5.1): the
# answer is 200 and the status of each part says what became of it. 5 is an error of theirs while they processed the
# message, so it may have left. 3 and 22 are about one message: what is the same in every one is checked when a provider
# is added.
STATUSES: Outcomes = {
    "1": "deferred",  # throttled
    "2": "halted",  # a parameter is missing
    "3": "rejected",  # a parameter is invalid
    "4": "halted",  # credentials
    "5": "unknown",
    "6": "rejected",  # the message or the prefix of the number
    "7": "rejected",  # the number is barred
    "8": "halted",  # the account is suspended
    "9": "halted",  # out of credit
    "10": "deferred",  # too many connections
    "11": "halted",  # the account may not use this API
    "12": "rejected",  # too long
    "14": "halted",  # signature
    "15": "halted",  # the sender is not allowed
    "17": "rejected",  # the operator blocks the message
    "22": "rejected",  # network code
    "23": "halted",  # callback address
    "29": "halted",  # a trial account sends only to the numbers on its list
    "32": "halted",  # signature and secret together
    "33": "rejected",  # the number is not in use
}

# https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts: buffered and unknown say nothing.
STATES: Mapping[str, Literal["sent", "delivered", "undelivered"]] = {
    "accepted": "sent",
    "delivered": "delivered",
    "expired": "undelivered",
    "failed": "undelivered",
    "rejected": "undelivered",
}


class Settings(ProviderSettings):
    """The account, the sender, and how its receipts are signed; without a signature, their address has a key."""

    CHANNELS: ClassVar[tuple[str, ...]] = ("sms",)
    OWN_SENDERS: ClassVar[tuple[str, ...]] = ("from",)

    # https://developer.vonage.com/en/api/sms (1.5.1) says 8 characters.
    api_key: str = Field(pattern=r"^[0-9a-zA-Z]{8}$", description="8 letters and digits")
    api_secret: SecretStr = Field(min_length=1, max_length=200)
    sender: str = Field(alias="from", pattern=r"^(\+?[0-9]{3,15}|[A-Za-z0-9 ]{1,11})$", description=ANY_SENDER)
    signature_secret: SecretStr | None = Field(None, min_length=1, max_length=200)
    #: https://developer.vonage.com/en/getting-started/concepts/signing-messages: it is chosen in their dashboard.
    signature_method: Literal["md5hash", "md5", "sha1", "sha256", "sha512"] = "md5hash"


class Vonage:
    """One Vonage account and sender."""

    def __init__(self, settings: Settings, link: Link) -> None:
        from aiohttp import encode_basic_auth

        self.name = link.name
        self._settings = settings
        self._link = link
        secret = settings.api_secret.get_secret_value()
        self._headers = {"Authorization": encode_basic_auth(settings.api_key, secret)}

    async def send(self, message: Outgoing) -> Answer:
        """Returns what became of the message, as far as the connection shows."""
        form = {
            "from": (message.answers_from or self._settings.sender).removeprefix("+"),
            "to": message.phone.removeprefix("+"),
            "text": message.body,
            "type": "unicode" if needs_unicode(message.body) else "text",
            "client-ref": message.reference,
        }
        # Receipts name the message by its client-ref, and one that is signed needs no key.
        signed = self._settings.signature_secret is not None
        status_url = self._link.status_url() if signed else self._link.keyed_status_url()
        if status_url and len(status_url) <= MAX_CALLBACK:
            form |= {"callback": status_url, "status-report-req": "1"}
        reply = await post_form(self._link.http.get(), f"{self._link.at(API)}/sms/json", form, self._headers)
        return reply if isinstance(reply, Answer) else _answer(reply)

    def parse_receipts(self, callback: Callback) -> list[Receipt]:
        """Returns the receipt of a delivery receipt, which comes as a query, a form or JSON."""
        fields = fields_of(callback)
        message_id, said = short_word(fields.get("messageId")), str(fields.get("status", ""))
        if message_id is None or said not in STATES:
            return []
        code = short_word(fields.get("err-code"))
        return [
            Receipt(
                f"{message_id}:{said}",
                STATES[said],
                reference=short_word(fields.get("client-ref")) or short_word(fields.get("ref")),
                provider_id=message_id,
                error_code=None if code == "0" else code,
                at=_time(fields.get("message-timestamp")),
            )
        ]

    def verify(self, callback: Callback) -> bool:
        """Returns whether the signature is right, or without one of theirs whether the address has the key."""
        secret = self._settings.signature_secret
        if secret is None:
            return self._link.has_key(callback)
        fields = {name: str(value) for name, value in fields_of(callback).items()}
        given = fields.pop("sig", None)
        # The address was ours; what they sign are their own parameters. Whether ours are among them depends on the way
        # in which receipts are sent.
        without_ours = {name: value for name, value in fields.items() if name not in ("ref", "key")}
        expected = [self._signature(each, secret.get_secret_value()) for each in (fields, without_ours)]
        return matches_any(given.lower() if given else None, expected)

    def _signature(self, fields: Mapping[str, str], secret: str) -> str:
        """Returns the signature of the parameters, by name, in lower case."""
        text = "".join(f"&{name}={_flat(fields[name])}" for name in sorted(fields))
        if self._settings.signature_method == "md5hash":
            return hashlib.md5(f"{text}{secret}".encode(errors=UNPAIRED), usedforsecurity=False).hexdigest()
        return hmac.new(secret.encode(), text.encode(errors=UNPAIRED), self._settings.signature_method).hexdigest()

    async def probe(self) -> Probe:
        """Reads the balance."""
        reply = await get(self._link.http.get(), f"{self._link.at(API)}/account/get-balance", self._headers)
        return probed(reply, ok="Vonage takes the credentials.", refused="Vonage refuses api_key or api_secret.")

    async def close(self) -> None:
        """Has nothing to close: the session is shared."""


def _answer(reply: Reply) -> Answer:
    if not 200 <= reply.status < 300:
        return refusal(reply, outcomes=STATUSES)
    parts = reply.document.get("messages")
    if not isinstance(parts, list) or not parts or not all(isinstance(part, dict) for part in parts):
        return Answer("unknown", error_code="unreadable_reply")
    refused = [str(part.get("status")) for part in parts if str(part.get("status")) != "0"]
    if not refused:
        first = short_word(parts[0].get("message-id"))
        return Answer("accepted", first) if first else Answer("unknown", error_code="unreadable_reply")
    code = short_word(refused[0]) or "unreadable_reply"
    # Some parts have left and others have not.
    if len(refused) < len(parts):
        return Answer("unknown", error_code=code)
    return Answer(STATUSES.get(code, "unknown"), error_code=code)


def _flat(value: str) -> str:
    return value.replace("&", "_").replace("=", "_")


def _time(value: Any) -> datetime | None:
    try:
        return datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except (TypeError, ValueError):
        return None
