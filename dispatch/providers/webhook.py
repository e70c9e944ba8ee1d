"""Webhook: a signed POST to an address of the account's choice, for services that are no provider here yet.

Signed as https://www.standardwebhooks.com says. docs/providers.md describes what is posted and what may be answered.
"""

import binascii
import json
import time
from typing import ClassVar

from pydantic import Field, SecretStr, field_validator

from dispatch.providers import Answer, ApprovedTemplate, Callback, Outgoing, Probe, Receipt, TemplateHeader
from dispatch.providers.http import Reply, post_bytes, read, short_word
from dispatch.providers.link import CalledUrl, Link, ProviderSettings, matches_any, probed
from dispatch.providers.receipts import plain_receipts
from dispatch.providers.standard_webhooks import PREFIX, key_of, signature, signed_headers
from models.row import JsonObject

# A request that was signed longer ago, or in the future, may be a replay.
TOLERANCE_SEC = 300


class Settings(ProviderSettings):
    """The address, and the secret that signs what goes both ways."""

    ADDRESS: ClassVar[str | None] = "url"

    url: CalledUrl | None = None
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
            "from": message.answers_from or message.sender,
            "to": message.phone,
            "body": message.body,
            "template": _described(message.template) if message.template else None,
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
        message_id = headers.get("webhook-id", "")
        expected = signature(self._key, message_id=message_id, timestamp=stamp, body=callback.body)
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
        body = json.dumps(document).encode()
        headers = signed_headers(self._key, message_id=message_id, timestamp=int(time.time()), body=body)
        return await post_bytes(self._link.http.get(), self._url, body, headers)

    async def close(self) -> None:
        """Has nothing to close: the session is shared."""


def _described(template: ApprovedTemplate) -> JsonObject:
    header, buttons = template.header, template.buttons
    return {name: value for name, value in template._asdict().items() if name != "parameter_names" or value} | {
        "header": _of_header(header) if header else None,
        "buttons": [{"index": each.place, "type": each.type, "value": each.value} for each in buttons],
    }


def _of_header(header: TemplateHeader) -> JsonObject:
    return {name: value for name, value in header._asdict().items() if name != "parameter_name" or value}


def _bytes_of(secret: SecretStr) -> bytes:
    text = secret.get_secret_value()
    return key_of(text) if text.startswith(PREFIX) else text.encode()
