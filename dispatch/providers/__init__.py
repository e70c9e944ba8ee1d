"""What every provider of SMS and WhatsApp takes and answers; each provider is one short file.

A provider has one coroutine, `send(message) -> Answer`, and never raises for an outcome it can name:

    accepted    the provider accepted the message and returned its own id
    deferred    it did not take the call (429, refused connection, DNS, TLS): try later; not counted as an attempt
    retryable   it refused this attempt and says that a later one may succeed; counted as an attempt
    rejected    it refused the message for good
    unknown     the call may have been read and no clear answer came: never sent again automatically
    halted      it refuses our account (401, 403): the campaign pauses
"""

from typing import Literal, NamedTuple, Protocol

Outcome = Literal["accepted", "deferred", "retryable", "rejected", "unknown", "halted"]


class Outgoing(NamedTuple):
    """One message about to be sent. `reference` is `<campaign>-<n>`; `token` names this one call.

    `attempt` counts from 1; a call that was certainly not taken is not counted, so its number is used again.
    """

    channel: str
    sender: str | None
    phone: str
    body: str
    reference: str
    token: str
    attempt: int = 1


class Answer(NamedTuple):
    """What became of one call. `retry_after` is in seconds; `error_code` is the provider's code or ours."""

    outcome: Outcome
    provider_id: str | None = None
    error_code: str | None = None
    retry_after: float | None = None


class Provider(Protocol):
    """Sends one message and says what became of it."""

    name: str

    async def send(self, message: Outgoing) -> Answer: ...

    async def close(self) -> None: ...
