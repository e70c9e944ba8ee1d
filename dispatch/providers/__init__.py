"""The world of SMS and WhatsApp: what every provider takes and answers. One short file per provider.

A provider has one coroutine, `send(message) -> Answer`, and never raises for an outcome it can name:

    accepted    it answered yes, with its own id
    deferred    it did not take the call now (429, refused, DNS, TLS): try later, no attempt counted
    retryable   it refused this attempt and says a later one may pass: counts as an attempt
    rejected    it refused for good
    unknown     the call may have left and no clear answer came: never resent by itself
    halted      our account is refused (401, 403): the campaign pauses
"""

from typing import Literal, NamedTuple, Protocol

Outcome = Literal["accepted", "deferred", "retryable", "rejected", "unknown", "halted"]


class Outgoing(NamedTuple):
    """One message about to be sent. `reference` is `<campaign>-<n>`; `token` names this one call.

    `attempt` counts from 1; a call that was certainly not taken does not count, so its number comes again.
    """

    channel: str
    sender: str | None
    phone: str
    body: str
    reference: str
    token: str
    attempt: int = 1


class Answer(NamedTuple):
    """What became of one call. `retry_after` is in seconds; `error_code` is the provider's word or ours."""

    outcome: Outcome
    provider_id: str | None = None
    error_code: str | None = None
    retry_after: float | None = None


class Provider(Protocol):
    """Sends one message and says what became of it."""

    name: str

    async def send(self, message: Outgoing) -> Answer: ...

    async def close(self) -> None: ...
