"""Takes messages for the simulator, whatever dialect they came in: decides, writes the log, and has receipts posted."""

import asyncio
import time
from collections import Counter, OrderedDict
from typing import NamedTuple

import structlog

from config.simulated_phones import SILENT
from dispatch.providers.simulator.decisions import NEVER, Decision, Simulation
from dispatch.providers.simulator.log import AcceptedLog, AttemptsFile
from dispatch.providers.simulator.phones import Behaviour, Event
from dispatch.providers.simulator.postman import Postman, Speech, Taken

log = structlog.get_logger(__name__)

# Messages that can be asked for, and references whose attempts are counted.
MOST_KEPT = 100_000
# Receipts may be told in any order; this is the order in which things happen.
_STEPS = ("sent", "undelivered", "delivered", "read")


class LogUnwritable(Exception):
    """The message is not accepted, because it cannot be written to the log."""


class _Kept(NamedTuple):
    taken: Taken
    events: list[Event]
    at: float


class Desk:
    """One simulated provider; belongs to one event loop."""

    def __init__(
        self,
        simulation: Simulation,
        *,
        accepted: AcceptedLog,
        attempts: AttemptsFile | None = None,
        behaviour: Behaviour | None = None,
    ) -> None:
        self._simulation = simulation
        self._accepted = accepted
        self._attempts = attempts
        self._behaviour = behaviour or Behaviour(SILENT, seed=1)
        self._postmen: dict[Speech, Postman] = {}
        self._outcomes: Counter[str] = Counter()
        self._tries: OrderedDict[str, int] = OrderedDict()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def count_attempt(self, reference: str) -> int:
        """Returns which attempt this is for a message of a dialect that does not say so, counted from 1."""
        self._tries[reference] = self._tries.pop(reference, 0) + 1
        if len(self._tries) > MOST_KEPT:
            self._tries.popitem(last=False)
        return self._tries[reference]

    async def take(self, taken: Taken, speech: Speech) -> Decision:
        """Returns what becomes of a message, after the time that the answer takes; LogUnwritable.

        `speech` puts its receipts into words.
        """
        message = taken.message
        decision = self._simulation.decide(message.phone, message.reference, message.token, message.attempt)
        self._outcomes[decision.answer.outcome] += 1
        if self._attempts is not None:
            self._attempts.record(message, decision)
        if decision.accepted:
            try:
                await self._accepted.append(message)
            except OSError as problem:
                log.error("simulator.log_failed", reason=problem.strerror)
                raise LogUnwritable from None
            self._keep(taken, decision, speech)
        if decision.delay == NEVER:
            await asyncio.Event().wait()  # until the caller hangs up or the server stops
        elif decision.delay:
            await asyncio.sleep(decision.delay)
        return decision

    def found(self, provider_id: str) -> tuple[Taken, Event | None] | None:
        """Returns an accepted message and what has become of it, if anything; None when it is not known."""
        kept = self._kept.get(provider_id)
        if kept is None:
            return None
        past = [each for each in kept.events if each.what in _STEPS and each.after <= time.monotonic() - kept.at]
        return kept.taken, max(past, key=lambda event: _STEPS.index(event.what), default=None)

    def stats(self) -> dict[str, object]:
        """Returns what GET /stats shows."""
        told: Counter[str] = Counter()
        for postman in self._postmen.values():
            told.update(postman.stats())
        names = ("waiting", "posted", "given_up", "dropped")
        return {
            "accepted": self._accepted.lines,
            "attempts": self._outcomes.total(),
            "outcomes": dict(self._outcomes),
            "commits": self._accepted.commits,
            "callbacks": {name: told[name] for name in names},
        }

    async def close(self) -> None:
        """Ends what is being posted."""
        for postman in self._postmen.values():
            await postman.close()

    def _keep(self, taken: Taken, decision: Decision, speech: Speech) -> None:
        events = self._behaviour.events(taken.message)
        self._kept[taken.provider_id] = _Kept(taken, events, time.monotonic())
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        if events:
            if speech not in self._postmen:
                self._postmen[speech] = Postman(speech)
            self._postmen[speech].take(taken, events, answered_in=decision.delay)
