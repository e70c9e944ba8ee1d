"""Hands claimed messages to the callers of a window."""

import asyncio
from collections import deque
from collections.abc import Iterable

from models.messages.message import Claimed


class Handover:
    """Claimed messages, each with the time before its claim, that wait for a caller.

    It wakes one caller, and each that takes a message wakes the next. A provider that answers at once is then served by
    one caller while the others sleep: to wake all 64 at every exchange costs more than the calls.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[Claimed, float]] = deque()
        self._asleep: list[asyncio.Future[None]] = []
        self._one_wakes = False

    def add(self, messages: Iterable[tuple[Claimed, float]]) -> None:
        """Adds messages to call."""
        self._waiting.extend(messages)
        self._wake_one()

    async def take(self) -> tuple[Claimed, float]:
        """Returns the next message to call; waits for one."""
        while not self._waiting:
            woken = asyncio.get_running_loop().create_future()
            self._asleep.append(woken)
            await woken
            self._one_wakes = False
        taken = self._waiting.popleft()
        self._wake_one()
        return taken

    def _wake_one(self) -> None:
        if self._waiting and self._asleep and not self._one_wakes:
            self._one_wakes = True
            self._asleep.pop().set_result(None)
