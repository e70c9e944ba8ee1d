"""The dialect of messaging-service, with a token endpoint beside it: each message once per idempotency key.

docs/remote.md, and https://www.rfc-editor.org/rfc/rfc6749#section-4.4 for the token
"""

import json
import secrets
from collections import OrderedDict
from urllib.parse import unquote_plus

from aiohttp import BasicAuth, web

from dispatch.providers.simulator.answers import answer, error
from dispatch.providers.simulator.desk import MOST_KEPT, LogUnwritable
from dispatch.providers.simulator.dialects import PHONE, Setup
from dispatch.providers.simulator.plain import plain_requests

KIND = "messaging_service"
TOKEN_SEC = 300


class MessagingServiceDialect:
    """Any client whose secret is the secret; receipts go to the address of this kind, which has the key in it."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._tokens: OrderedDict[str, str] = OrderedDict()
        self._known: OrderedDict[str, str] = OrderedDict()

    def routes(self) -> list[web.RouteDef]:
        """Returns what it serves."""
        return [web.post("/token", self._token), web.post("/api/messages", self._take)]

    async def _token(self, request: web.Request) -> web.Response:
        try:
            given = BasicAuth.decode(request.headers.get("Authorization", "")).password
        except ValueError:
            given = ""
        if not self._setup.is_secret(unquote_plus(given)):
            return web.json_response({"error": "invalid_client"}, status=401)
        if (await request.post()).get("grant_type") != "client_credentials":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        token = secrets.token_urlsafe(16)
        _remember(self._tokens, token, "")
        return web.json_response({"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SEC})

    async def _take(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._tokens:
            return error(401, "invalid_token")
        try:
            document = json.loads(await request.read())
            phone, key = document["to"], request.headers["Idempotency-Key"]
        except (ValueError, RecursionError, TypeError, KeyError):
            return error(400, "invalid_request")
        if not isinstance(phone, str) or not PHONE.fullmatch(phone):
            return error(400, "invalid_number")
        if key in self._known:
            return web.json_response({"id": self._known[key]}, status=202)
        taken = self._setup.taken(
            KIND,
            provider_id=f"m-{secrets.token_hex(8)}",
            phone=phone,
            body=document.get("body", ""),
            reference=document.get("reference"),
            sender=document.get("from"),
            channel=document.get("channel", "sms"),
        )
        # Before it is written: two requests with one key are one message.
        _remember(self._known, key, taken.provider_id)
        try:
            decision = await self._setup.desk.take(taken, plain_requests)
        except LogUnwritable:
            self._known.pop(key, None)
            return error(500, "log_unwritable")
        if not decision.accepted:
            self._known.pop(key, None)
        return answer(decision, taken.provider_id, accepted=202)


def _remember(known: OrderedDict[str, str], name: str, value: str) -> None:
    known[name] = value
    if len(known) > MOST_KEPT:
        known.popitem(last=False)
