"""Webhook: a signed POST to an address of the account's choice, for services that are no provider here yet.

Signed as https://www.standardwebhooks.com says. docs/providers.md describes what is posted and what may be answered.
"""

import binascii
import hashlib
import hmac
import json
import time
from base64 import b64decode, b64encode
from typing import ClassVar

from pydantic import AnyHttpUrl, Field, SecretStr, field_validator

from dispatch.providers import Answer, Callback, Outgoing, Probe, Receipt
from dispatch.providers.http import Reply, post_bytes, read, short_word
from dispatch.providers.link import Link, ProviderSettings, matches_any, probed
from dispatch.providers.receipts import plain_receipts
from models.row import JsonObject

# A request that was signed longer ago, or in the future, may be a replay.
TOLERANCE_SEC = 300
PREFIX = "whsec_"


class Settings(ProviderSettings):
    """The address, and the secret that signs what goes both ways."""

    ADDRESS: ClassVar[str | None] = "url"

    url: AnyHttpUrl | None = None
    #: `whsec_` and 24 to 64 bytes in base64, as the convention has it, or any text of 16 characters or more.
    secret: SecretStr = Field(max_length=200)

    @field_validator("secret")
    @classmethod
    def _is_strong(cls, value: SecretStr) -> SecretStr:
        try:
            size = len(_bytes_of(value))
        except (binascii.Error, ValueError):
            size = 0
        least = 24 if value.get_secret_value().startswith(PREFIX) else 16
        if not least <= size <= 200:
            raise ValueError("must be like whsec_$(openssl rand -base64 32), or a text of 16 characters or more")
        return value


class Webhook:
    """One address."""

    def __init__(self, settings: Settings, link: Link) -> None:
        self.name = link.name
        self._link = link
        self._url = link.base_url or str(settings.url)
        self._key = _bytes_of(settings.secret)

    async def send(self, message: Outgoing) -> Answer:
        """Returns what became of the message, as far as the connection shows."""
        document: JsonObject = {
            "type": "message",
            "channel": message.channel,
            "from": message.sender,
            "to": message.phone,
            "body": message.body,
            "template": message.template._asdict() if message.template else None,
            "reference": message.reference,
            "status_url": self._link.status_url(),
        }
        reply = await self._post(document, message_id=message.token)
        if isinstance(reply, Answer):
            return reply
        # Any 2xx is an acceptance by their convention; an id is kept if there is one.
        if 200 <= reply.status < 300 and reply.complete:
            return Answer("accepted", short_word(reply.document.get("id")))
        return read(reply)

    def parse_receipts(self, callback: Callback) -> list[Receipt]:
        """Returns the receipts in the format of docs/providers.md."""
        return plain_receipts(callback)

    def verify(self, callback: Callback) -> bool:
        """Returns whether the secret signed the request, within the last five minutes."""
        headers = {name.lower(): value for name, value in callback.headers.items()}
        stamp = headers.get("webhook-timestamp", "")
        if not (stamp.isascii() and stamp.isdigit() and abs(time.time() - int(stamp[:15])) <= TOLERANCE_SEC):
            return False
        expected = self._signature(headers.get("webhook-id", ""), stamp, callback.body)
        # Several signatures, with spaces between them, while the other side changes its secret.
        return any(matches_any(each, [expected]) for each in headers.get("webhook-signature", "").split(" ")[:10])

    async def probe(self) -> Probe:
        """Posts a signed {"type": "test"}."""
        stamp = f"test-{int(time.time())}"
        reply = await self._post({"type": "test"}, message_id=stamp)
        return probed(
            reply,
            ok="It takes a signed test.",
            refused="It refuses a signed test.",
            accepts=(200, 201, 202, 204),
        )

    async def _post(self, document: JsonObject, *, message_id: str) -> Reply | Answer:
        body, stamp = json.dumps(document).encode(), str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": stamp,
            "webhook-signature": self._signature(message_id, stamp, body),
        }
        return await post_bytes(self._link.http.get(), self._url, body, headers)

    def _signature(self, message_id: str, stamp: str, body: bytes) -> str:
        signed = f"{message_id}.{stamp}.".encode() + body
        return f"v1,{b64encode(hmac.new(self._key, signed, hashlib.sha256).digest()).decode()}"

    async def close(self) -> None:
        """Has nothing to close: the session is shared."""


def _bytes_of(secret: SecretStr) -> bytes:
    text = secret.get_secret_value()
    return b64decode(text.removeprefix(PREFIX), validate=True) if text.startswith(PREFIX) else text.encode()
