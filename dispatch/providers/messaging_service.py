"""messaging-service as a provider, as docs/remote.md fixes it: it schedules each message once per idempotency key."""

import asyncio
from typing import ClassVar
from uuid import UUID, uuid5

from pydantic import Field, SecretStr
from yarl import URL

from dispatch.clients.tokens import Tokens
from dispatch.errors import RemoteFailed, RemoteNotConfigured
from dispatch.providers import Answer, Callback, Outgoing, Probe, Receipt
from dispatch.providers.http import error_code, post, read
from dispatch.providers.link import CalledUrl, Link, ProviderSettings
from dispatch.providers.receipts import plain_receipts
from dispatch.providers.sessions import LazySession

# A token and a call must both fit into the lease of a message (LEASE_SEC).
TOKEN_SEC = 2.0
# Tokens that may still be on calls in flight when they are replaced.
_REMEMBERED = 2

_KEYS = UUID("6f0f1f4e-2f5b-4c0e-9a57-8d3f6a1c7b11")


def idempotency_key(campaign_id: str, phone: str) -> str:
    """Returns the key of a campaign's message to this phone: the same for every call, in every run."""
    return str(uuid5(_KEYS, f"{campaign_id}:{phone}"))


class Settings(ProviderSettings):
    """A client of Keycloak, and the sender of messages whose account has none."""

    NEEDS_BASE_URL: ClassVar[bool] = True
    DEFAULT_SENDER: ClassVar[str | None] = "from"

    token_url: CalledUrl
    client_id: str = Field(min_length=1, max_length=200)
    client_secret: SecretStr = Field(min_length=1, max_length=1000)
    sender: str | None = Field(None, alias="from", max_length=100)


class MessagingService:
    """Schedules messages through the service at `url`; belongs to the event loop of its first call."""

    def __init__(
        self,
        url: str,
        tokens: Tokens,
        *,
        default_sender: str | None,
        session: LazySession,
        link: Link | None = None,
    ) -> None:
        self.name = link.name if link else "messaging-service"
        self._link = link
        self._messages = str(URL(url) / "api" / "messages")
        self._tokens = tokens
        self._default_sender = default_sender
        self._session = session
        self._accepted: list[str] = []

    @classmethod
    def of(cls, settings: Settings, link: Link) -> "MessagingService":
        """Returns the service of a row; its address is the one that an operator named."""
        tokens = Tokens(str(settings.token_url), settings.client_id, settings.client_secret.get_secret_value())
        return cls(link.at(""), tokens, default_sender=settings.sender, session=link.http, link=link)

    async def send(self, message: Outgoing) -> Answer:
        """Returns what became of the message, as far as the connection shows."""
        try:
            async with asyncio.timeout(TOKEN_SEC):
                token = await self._tokens.current(self._session.get())
        except RemoteNotConfigured:
            return Answer("halted", error_code="client_refused")
        except (RemoteFailed, TimeoutError):
            # The message has not left.
            return Answer("deferred", error_code="no_token")
        key = idempotency_key(message.reference.partition("-")[0], message.phone)
        reply = await post(
            self._session.get(),
            self._messages,
            {
                "idempotencyKey": key,
                "channel": message.channel,
                "from": message.answers_from or message.sender or self._default_sender,
                "to": message.phone,
                "body": message.body,
                "reference": message.reference,
            },
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key},
        )
        if isinstance(reply, Answer):
            return reply
        if reply.status == 401:
            return self._refused(token)
        if token not in self._accepted:
            self._accepted = [*self._accepted, token][-_REMEMBERED:]
        if reply.status == 409:
            # Another request with this key was read, which may have been scheduled.
            return Answer("unknown", error_code=error_code(reply) or "http_409")
        return read(reply)

    async def probe(self) -> Probe:
        """Fetches a token."""
        try:
            async with asyncio.timeout(TOKEN_SEC):
                await self._tokens.current(self._session.get())
        except (RemoteNotConfigured, RemoteFailed) as problem:
            return Probe(False, problem.message)
        except TimeoutError:
            return Probe(False, "The token endpoint does not answer.")
        return Probe(True, "The token endpoint takes the credentials.")

    def verify(self, callback: Callback) -> bool:
        """Returns whether the address that was called has the key that we put into it."""
        return self._link is not None and self._link.has_key(callback)

    def parse_receipts(self, callback: Callback) -> list[Receipt]:
        """Returns the receipts in the format of docs/providers.md."""
        return plain_receipts(callback)

    async def close(self) -> None:
        """Closes the connections."""
        await self._session.close()

    def _refused(self, token: str) -> Answer:
        """Returns what a refused token means: one that was good before has expired, a new one is our account."""
        self._tokens.forget(token)
        return Answer("deferred" if token in self._accepted else "halted", error_code="token_refused")
