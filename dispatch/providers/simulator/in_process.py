"""The simulated provider in process: without a network, with the same decisions as the server."""

import asyncio

from dispatch.providers import Answer, Outgoing
from dispatch.providers.simulator.decisions import Simulation
from dispatch.providers.simulator.log import AttemptsFile


class Simulator:
    """Answers as its simulation decides; an answer that takes `timeout` seconds is `unknown`, as over a network."""

    name = "simulator"

    def __init__(self, simulation: Simulation, *, timeout: float, attempts: AttemptsFile | None = None) -> None:
        self._simulation = simulation
        self._timeout = timeout
        self._attempts = attempts

    async def send(self, message: Outgoing) -> Answer:
        """Returns what became of the message."""
        decision = self._simulation.decide(message.phone, message.reference, message.token, message.attempt)
        if self._attempts is not None:
            self._attempts.record(message, decision)
        if decision.delay == 0:
            # Without even a sleep(0): a turn of the event loop costs more than everything above.
            return decision.answer
        if decision.delay >= self._timeout:
            await asyncio.sleep(self._timeout)
            return Answer("unknown", error_code="timeout")
        await asyncio.sleep(decision.delay)
        return decision.answer

    async def close(self) -> None:
        """Closes the record of attempts."""
        if self._attempts is not None:
            self._attempts.close()
