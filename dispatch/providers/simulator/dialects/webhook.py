"""The dialect of an account's own service: signed posts to /webhook, and receipts that are signed alike.

docs/providers.md, and https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hmac
import json
import secrets
import time
from collections import defaultdict
from collections.abc import Sequence

from aiohttp import web

from dispatch.providers.simulator.answers import answer, error
from dispatch.providers.simulator.desk import LogUnwritable
from dispatch.providers.simulator.dialects import PHONE, Setup, is_address
from dispatch.providers.simulator.plain import plain_document
from dispatch.providers.simulator.postman import Request, Said
from models.row import JsonObject

KIND = "webhook"
TOLERATED_SEC = 300


class WebhookDialect:
    """One address, whose secret is the secret."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        secret = setup.secret
        prefix = "whsec_"
        self._key = base64.b64decode(secret.removeprefix(prefix)) if secret.startswith(prefix) else secret.encode()

    def routes(self) -> list[web.RouteDef]:
        """Returns what it serves."""
        return [web.post("/webhook", self._take)]

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not self._is_signed(request, body):
            return error(401, "not_signed")
        try:
            document = json.loads(body)
            kind, phone, status_url = document["type"], document.get("to"), document.get("status_url")
        except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
            return error(400, "invalid_request")
        if kind == "test":
            return web.json_response({})
        if not isinstance(phone, str) or not PHONE.fullmatch(phone):
            return error(400, "invalid_number")
        taken = self._setup.taken(
            KIND,
            provider_id=f"w-{secrets.token_hex(8)}",
            phone=phone,
            body=document.get("body", ""),
            reference=document.get("reference"),
            sender=document.get("from"),
            channel=document.get("channel", "sms"),
            status_url=status_url if isinstance(status_url, str) and is_address(status_url) else None,
        )
        try:
            decision = await self._setup.desk.take(taken, self.requests)
        except LogUnwritable:
            return error(500, "log_unwritable")
        return answer(decision, taken.provider_id, accepted=200)

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        message_id, stamp = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
        if not stamp.isdigit() or abs(time.time() - int(stamp)) > TOLERATED_SEC:
            return False
        given = request.headers.get("webhook-signature", "").split()
        return any(hmac.compare_digest(each, self._signature(message_id, stamp, body)) for each in given)

    def _signature(self, message_id: str, stamp: str, body: bytes) -> str:
        signed = f"{message_id}.{stamp}.".encode() + body
        return "v1," + base64.b64encode(hmac.digest(self._key, signed, "sha256")).decode()

    def requests(self, said: Sequence[Said]) -> list[Request]:
        """Returns one signed list of events for each address."""
        by_url: dict[str, list[JsonObject]] = defaultdict(list)
        for taken, event in said:
            by_url[taken.url_for(event) or ""].append(plain_document(taken, event))
        return [self._request(url, documents) for url, documents in by_url.items()]

    def _request(self, url: str, documents: list[JsonObject]) -> Request:
        body, message_id, stamp = json.dumps(documents).encode(), secrets.token_hex(12), str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": stamp,
            "webhook-signature": self._signature(message_id, stamp, body),
        }
        return Request(url, body, headers)
