"""messaging-service as a provider, as docs/remote.md fixes it: it schedules each message once per idempotency key."""

import asyncio
from uuid import UUID, uuid5

from yarl import URL

from dispatch.clients.tokens import Tokens
from dispatch.errors import RemoteFailed, RemoteNotConfigured
from dispatch.providers import Answer, Outgoing
from dispatch.providers.http import LazySession, error_code, post, read

# A token and a call must both fit into the lease of a message (LEASE_SEC).
TOKEN_SEC = 2.0
# Tokens that may still be on calls in flight when they are replaced.
_REMEMBERED = 2

_KEYS = UUID("6f0f1f4e-2f5b-4c0e-9a57-8d3f6a1c7b11")


def idempotency_key(campaign_id: str, phone: str) -> str:
    """Returns the key of a campaign's message to this phone: the same for every call, in every run."""
    return str(uuid5(_KEYS, f"{campaign_id}:{phone}"))


class MessagingService:
    """Schedules messages through the service at `url`; belongs to the event loop of its first call."""

    name = "messaging-service"

    def __init__(
        self, url: str, tokens: Tokens, *, default_sender: str | None, connections: int, timeout: float
    ) -> None:
        self._messages = str(URL(url) / "api" / "messages")
        self._tokens = tokens
        self._default_sender = default_sender
        self._session = LazySession(connections=connections, timeout=timeout)
        self._accepted: list[str] = []

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
                "from": message.sender or self._default_sender,
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

    async def close(self) -> None:
        """Closes the connections."""
        await self._session.close()

    def _refused(self, token: str) -> Answer:
        """Returns what a refused token means: one that was good before has expired, a new one is our account."""
        self._tokens.forget(token)
        return Answer("deferred" if token in self._accepted else "halted", error_code="token_refused")
