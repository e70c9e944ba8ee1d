"""A small working provider for tests: answers as scripted, records every call, and can hold its answers back."""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import Future

from dispatch.providers import Answer, Outgoing
from models.database import connected

ACCEPTED = Answer("accepted", provider_id="p-1")


class ScriptedProvider:
    """Answers each phone's calls in the order of its script, then accepts."""

    name = "scripted"

    def __init__(self, script: dict[str, Iterable[Answer | Exception]] | None = None) -> None:
        self.calls: list[Outgoing] = []
        self._script = {phone: list(answers) for phone, answers in (script or {}).items()}
        self._lock = threading.Lock()
        self._held: dict[str, Future[Answer]] = {}
        self._hold_all = False
        self._on_call: list[Callable[[Outgoing], None]] = []

    def hold(self) -> None:
        """Holds every answer back until `release`."""
        self._hold_all = True

    def release(self, answer: Answer = ACCEPTED) -> None:
        """Gives the answers that were held back, and answers at once from now on."""
        with self._lock:
            self._hold_all = False
            held, self._held = self._held, {}
        for waiting in held.values():
            waiting.set_result(answer)

    def hold_no_more(self) -> None:
        """Answers at once from now on; what was held back stays so until `release`."""
        self._hold_all = False

    def on_call(self, act: Callable[[Outgoing], None]) -> None:
        """Runs a function in the middle of each call."""
        self._on_call.append(act)

    @property
    def in_flight(self) -> int:
        """Returns how many calls are held back."""
        return len(self._held)

    def calls_per_phone(self) -> dict[str, int]:
        """Returns how often each phone was called."""
        counted: dict[str, int] = defaultdict(int)
        for call in self.calls:
            counted[call.phone] += 1
        return dict(counted)

    async def send(self, message: Outgoing) -> Answer:
        self.calls.append(message)
        for act in self._on_call:
            with connected():  # one that it opens in this thread would never go back to the pool
                act(message)
        if waiting := self._held_back(message):
            return await asyncio.wrap_future(waiting)
        told = self._script.get(message.phone)
        answer = told.pop(0) if told else ACCEPTED
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _held_back(self, message: Outgoing) -> Future[Answer] | None:
        """Returns what will be its answer if answers are held now.

        Judged and kept under one lock: what is kept after a release would never be answered.
        """
        with self._lock:
            if not self._hold_all:
                return None
            waiting: Future[Answer] = Future()
            self._held[message.token] = waiting
            return waiting

    async def close(self) -> None:
        pass
