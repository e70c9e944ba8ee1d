"""The providers of a route as one: a message that the first certainly did not take goes to the next."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from dispatch.channels.circuit import Circuit
from dispatch.providers import Answer, Outgoing, Provider

log = structlog.get_logger()

# These prove that the message was not taken. `rejected` does too, but it is about the message and would be again.
_NOT_TAKEN = ("deferred", "retryable", "halted")


@dataclass(frozen=True, slots=True)
class Stop:
    """A provider on a route."""

    provider: Provider
    circuit: Circuit
    #: Its share of the messages; None on a route that has an order.
    weight: int | None


class Switch:
    """Sends each message through the first provider of its route that takes it.

    Whatever may have left stays with the provider that was called: only a message that was certainly not taken goes on
    to the next one. Each answer names the provider that it is from.
    """

    def __init__(self, stops: Sequence[Stop]) -> None:
        self._stops = stops
        #: How messages name the provider, unless an answer names another.
        self.name = stops[0].provider.name

    async def send(self, message: Outgoing) -> Answer:
        """Returns the first answer that is more than "not taken", or of those the one after which to try again."""
        refusals: list[Answer] = []
        for stop in self._in_order():
            if not stop.circuit.may_call():
                left = stop.circuit.left_sec()
                waiting = Answer("deferred", error_code="circuit_open", retry_after=left)
                refusals.append(waiting._replace(provider=stop.provider.name))
                continue
            answer = await self._called(stop, message)
            if answer.outcome not in _NOT_TAKEN:
                return answer
            refusals.append(answer)
        return _soonest(refusals)

    async def _called(self, stop: Stop, message: Outgoing) -> Answer:
        try:
            answer = await stop.provider.send(message)
        except asyncio.CancelledError:
            stop.circuit.let_go()
            raise
        except Exception:
            # A provider names every outcome that it knows; otherwise no one can say whether the call left.
            log.exception("provider.failed", message=message.reference)
            answer = Answer("unknown", error_code="provider_error")
        stop.circuit.note(answer, counts_refusals=len(self._stops) > 1)
        return answer._replace(provider=stop.provider.name)

    def _in_order(self) -> Sequence[Stop]:
        """Returns the providers in the order to try: that of the route, or one by chance that follows the shares."""
        if self._stops[0].weight is None or len(self._stops) == 1:
            return self._stops
        # The largest of u^(1/weight) is each one's in its share of the cases, and likewise of those that are left
        # (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006).
        return sorted(self._stops, key=lambda stop: random.random() ** (1 / (stop.weight or 1)), reverse=True)

    async def close(self) -> None:
        """Has nothing to close: the providers are shared by jobs."""


def _soonest(refusals: Sequence[Answer]) -> Answer:
    """Returns the refusal by which the message is tried again soonest; only if all refuse us, the first of those."""
    passing = [answer for answer in refusals if answer.outcome != "halted"]
    if not passing:
        return refusals[0]
    for answer in passing:
        if answer.outcome == "retryable":
            return answer
    return min(passing, key=lambda answer: answer.retry_after or 0.0)
