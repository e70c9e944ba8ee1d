"""How a provider is called when the calls are recorded as spans."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from dispatch.metrics.tally import kind_of
from dispatch.providers import Answer, Outgoing, Provider
from dispatch.tracing.spans import Attributes, recorded_here, span

Send: TypeAlias = Callable[[Outgoing], Awaitable[Answer]]


def send_of(provider: Provider) -> Send:
    """Returns the provider's own `send`, so that nothing is added to a call, unless this trace is recorded.

    A span has the message's reference and no number or text.
    """
    if not recorded_here():
        return provider.send

    async def send(message: Outgoing) -> Answer:
        about: Attributes = {
            "campaign_dispatch.message": message.reference,
            "campaign_dispatch.provider": kind_of(provider.name),
            "campaign_dispatch.attempt": message.attempt,
        }
        with span("send message", "internal", about) as begun:
            answer = await provider.send(message)
            begun.note({"campaign_dispatch.outcome": answer.outcome})
            if answer.outcome != "accepted":
                begun.fail(answer.error_code or answer.outcome)
        return answer

    return send
