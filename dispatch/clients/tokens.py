"""Access tokens of Keycloak: the client credentials grant of OAuth 2.0 (RFC 6749, section 4.4)."""

import asyncio
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from config.settings import Settings
from dispatch.clients.reading import Transient, checked_answer, fetch_json, retried
from dispatch.errors import RemoteFailed, RemoteNotConfigured

if TYPE_CHECKING:
    import aiohttp

NAME = "The token endpoint (KEYCLOAK_TOKEN_URL)"

# A token is replaced this long before it expires, or after half of its life if that is shorter.
EARLY_SEC = 30.0
# RFC 6749 only recommends `expires_in`; Keycloak's default is a minute.
DEFAULT_LIFE_SEC = 60.0
# A longer life is no number of seconds that anyone meant; it might not even be one that can be computed with.
MAX_LIFE_SEC = 2**31


class Tokens:
    """One client's token, fetched when it is first needed and kept until shortly before it expires."""

    def __init__(self, url: str, client_id: str, secret: str) -> None:
        from aiohttp import encode_basic_auth

        self._url = url
        # Section 2.3.1: both are form-encoded before they become a basic authorization.
        self._authorization = encode_basic_auth(quote(client_id, safe=""), quote(secret, safe=""))
        self._token: str | None = None
        self._replace_at = 0.0
        self._one_fetches = asyncio.Lock()

    @classmethod
    def of(cls, settings: Settings) -> "Tokens":
        """Returns the tokens of the client in the settings; RemoteNotConfigured names a setting that is missing."""
        for name in ("keycloak_token_url", "keycloak_client_id", "keycloak_client_secret"):
            if not getattr(settings, name):
                raise RemoteNotConfigured(f"{name.upper()} is not set; the remote services need it.")
        assert settings.keycloak_token_url
        assert settings.keycloak_client_id
        assert settings.keycloak_client_secret
        return cls(
            settings.keycloak_token_url,
            settings.keycloak_client_id,
            settings.keycloak_client_secret.get_secret_value(),
        )

    async def current(self, http: "aiohttp.ClientSession") -> str:
        """Returns a token that is valid for a while; RemoteFailed when there is none to be had."""
        async with self._one_fetches:
            if self._token is None or time.monotonic() >= self._replace_at:
                self._token = await retried(lambda: self._fetch(http))
            return self._token

    def forget(self, token: str) -> None:
        """Drops a token that a service has refused, so that the next call fetches another."""
        if token == self._token:
            self._token = None

    async def _fetch(self, http: "aiohttp.ClientSession") -> str:
        asked_at = time.monotonic()
        status, document, wait = await fetch_json(
            http,
            "POST",
            self._url,
            name=NAME,
            data={"grant_type": "client_credentials"},
            headers={"Authorization": self._authorization},
        )
        if status in (400, 401, 403):
            raise RemoteNotConfigured(
                f"{NAME} answered {status}: it refuses KEYCLOAK_CLIENT_ID or KEYCLOAK_CLIENT_SECRET."
            )
        checked_answer(status, wait, name=NAME)
        token, life = document.get("access_token"), document.get("expires_in", DEFAULT_LIFE_SEC)
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise RemoteFailed(f"{NAME} answered without an access_token.")
        if not isinstance(life, int | float) or isinstance(life, bool) or not life <= MAX_LIFE_SEC:
            raise RemoteFailed(f"{NAME} answered with an expires_in that is no number of seconds.")
        if life <= 0:
            raise Transient(f"{NAME} answered with a token that has expired.")
        self._replace_at = asked_at + max(life - EARLY_SEC, life / 2)
        return token
