"""The simulated provider in process: without a network, with the same decisions as the server."""

import asyncio

from dispatch.providers import Answer, Outgoing
from dispatch.providers.link import INSTALLATIONS, Link
from dispatch.providers.simulator.decisions import Decision, Simulation
from dispatch.providers.simulator.log import AttemptsFile
from dispatch.providers.simulator.phones import Behaviour
from dispatch.providers.simulator.plain import plain_requests
from dispatch.providers.simulator.postman import Postman, Taken


class Simulator:
    """Answers as its simulation decides; an answer that takes `timeout` seconds is `unknown`, as over a network.

    With `hooks`, the phones that it simulates behave as `behaviour` says, and it posts receipts and replies there.
    """

    def __init__(
        self,
        simulation: Simulation,
        *,
        timeout: float,
        attempts: AttemptsFile | None = None,
        behaviour: Behaviour | None = None,
        hooks: Link | None = None,
    ) -> None:
        self.name = hooks.name if hooks else INSTALLATIONS
        self._simulation = simulation
        self._timeout = timeout
        self._attempts = attempts
        self._behaviour = behaviour
        self._hooks = hooks if hooks and hooks.hooks_url else None
        self._postman: Postman | None = None

    async def send(self, message: Outgoing) -> Answer:
        """Returns what became of the message."""
        decision = self._simulation.decide(message.phone, message.reference, message.token, message.attempt)
        if self._attempts is not None:
            self._attempts.record(message, decision)
        if decision.accepted and self._hooks and self._behaviour:
            self._tell_later(message, decision, self._hooks, self._behaviour)
        if decision.delay == 0:
            # Without even a sleep(0): a turn of the event loop costs more than everything above.
            return decision.answer
        if decision.delay >= self._timeout:
            await asyncio.sleep(self._timeout)
            return Answer("unknown", error_code="timeout")
        await asyncio.sleep(decision.delay)
        return decision.answer

    def _tell_later(self, message: Outgoing, decision: Decision, hooks: Link, behaviour: Behaviour) -> None:
        if events := behaviour.events(message):
            # Opened here, because it belongs to the running event loop.
            self._postman = self._postman or Postman(plain_requests)
            taken = Taken(message, decision.provider_id, hooks.keyed_status_url(), hooks.keyed_inbound_url())
            self._postman.take(taken, events, answered_in=decision.delay)

    async def close(self) -> None:
        """Closes the record of attempts; receipts that are not posted by now never come."""
        if self._postman is not None:
            await self._postman.close()
        if self._attempts is not None:
            self._attempts.close()
