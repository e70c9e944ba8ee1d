"""The providers of a route as one: a message that the first certainly did not take goes to the next."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from dispatch.channels.circuit import Circuit
from dispatch.metrics.calls import call_times
from dispatch.providers import Answer, Outgoing, Provider, called_too_often

log = structlog.get_logger()

# These prove that the message was not taken. `rejected` does too, but it is about the message and would be again.
_NOT_TAKEN = ("deferred", "retryable", "halted")


class Meter(Protocol):
    """How many segments a provider's sender may send."""

    async def spend(self, segments: int) -> float | None:
        """Spends what one message takes; without spending, returns in how many seconds there may be enough."""

    def called_too_often(self) -> None:
        """Notes that the provider said so."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A provider on a route."""

    provider: Provider
    circuit: Circuit
    #: Its share of the messages; None on a route that has an order.
    weight: int | None
    #: None where any number may be sent.
    meter: Meter | None = None


class Switch:
    """Sends each message through the first provider of its route that takes it.

    Whatever may have left stays with the provider that was called: only a message that was certainly not taken goes on
    to the next one. Each answer names the provider that it is from.
    """

    def __init__(self, stops: Sequence[Stop]) -> None:
        self.stops = stops
        #: How messages name the provider, unless an answer names another.
        self.name = stops[0].provider.name

    def metered(self, meters: Sequence[Meter | None]) -> "Switch":
        """Returns the same route, of which each provider spends from its own meter."""
        return Switch([replace(stop, meter=meter) for stop, meter in zip(self.stops, meters, strict=True)])

    async def agree(self) -> None:
        """Lets this worker know which providers all workers leave alone; made before each claim."""
        for stop in self.stops:
            await stop.circuit.agree()

    async def leave(self) -> None:
        """Leaves to others what this job was to try."""
        for stop in self.stops:
            await stop.circuit.leave()

    async def send(self, message: Outgoing) -> Answer:
        """Returns the first answer that is more than "not taken", or of those the one after which to try again."""
        refusals: list[Answer] = []
        for stop in self._in_order():
            answer = await _not_callable(stop, message) or await self._called(stop, message)
            if answer.outcome not in _NOT_TAKEN:
                return answer
            refusals.append(answer)
        return _soonest(refusals)

    async def _called(self, stop: Stop, message: Outgoing) -> Answer:
        began = time.monotonic()
        try:
            answer = await stop.provider.send(message)
        except asyncio.CancelledError:
            stop.circuit.let_go()
            raise
        except Exception:
            # A provider names every outcome that it knows; otherwise no one can say whether the call left.
            log.exception("provider.failed", message=message.reference)
            answer = Answer("unknown", error_code="provider_error")
        call_times.note(stop.provider.name, answer.outcome, time.monotonic() - began)
        if stop.meter and called_too_often(answer):
            stop.meter.called_too_often()
        stop.circuit.note(answer, counts_refusals=len(self.stops) > 1)
        return answer._replace(provider=stop.provider.name)

    def _in_order(self) -> Sequence[Stop]:
        """Returns the providers in the order to try: that of the route, or one by chance that follows the shares."""
        if self.stops[0].weight is None or len(self.stops) == 1:
            return self.stops
        # The largest of u^(1/weight) is each one's in its share of the cases, and likewise of those that are left
        # (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006).
        return sorted(self.stops, key=lambda stop: random.random() ** (1 / (stop.weight or 1)), reverse=True)

    async def close(self) -> None:
        """Has nothing to close: the providers are shared by jobs."""


async def _not_callable(stop: Stop, message: Outgoing) -> Answer | None:
    """Returns what becomes of a message for which the provider may not be called now; None when it may."""
    name = stop.provider.name
    if not stop.circuit.may_call():
        left = stop.circuit.left_sec()
        return Answer("deferred", error_code="circuit_open", retry_after=left, provider=name)
    try:
        wait = await stop.meter.spend(message.segments) if stop.meter else None
    except BaseException:
        stop.circuit.let_go()
        raise
    if wait is None:
        return None
    stop.circuit.let_go()
    return Answer("deferred", error_code="rate_reached", retry_after=wait, provider=name)


def _soonest(refusals: Sequence[Answer]) -> Answer:
    """Returns the refusal by which the message is tried again soonest; only if all refuse us, the first of those."""
    passing = [answer for answer in refusals if answer.outcome != "halted"]
    if not passing:
        return refusals[0]
    for answer in passing:
        if answer.outcome == "retryable":
            return answer
    return min(passing, key=lambda answer: answer.retry_after or 0.0)
