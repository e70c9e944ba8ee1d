"""How many segments one job may claim now, at the rate of its sender; without a rate nothing is asked or counted."""

import asyncio
import math
import time
from concurrent.futures import Executor
from dataclasses import dataclass

from dispatch.sending.rates import WORTH_SEC, Ask, Grant, Limit, Rates

# A wait this long is begun again by recovery and not by this process.
MAX_ALARM_SEC = 60.0


@dataclass(frozen=True, slots=True)
class Road:
    """How a process reaches the buckets: the thread that asks, and how many workers share a rate without Redis."""

    rates: Rates
    thread: Executor
    workers: int


class Pace:
    """One job's share of its sender's rate. Runs on the event loop; Redis is asked in a thread of its own."""

    def __init__(self, limit: Limit, road: Road) -> None:
        self._limit = limit
        self._road = road
        # Taken from the bucket and not used; goes back with the next question.
        self._over = 0
        # What the next message takes, if the last claim had too few segments for it.
        self._least = 1
        self._halved = False
        self._ask_at = 0.0

    async def take(self, places: int, *, least: int = 1) -> int:
        """Returns how many segments may be sent now, at most one for each place or one message; 0: wait.

        None are taken if there are not `least`.
        """
        if places <= 0 or self.wait_sec() > 0:
            return 0
        worth = math.ceil(min(places, self._limit.rate * WORTH_SEC))
        least = max(self._least, worth, least)
        grant = await self._ask(max(places, least), least)
        self._ask_at = time.monotonic() + grant.wait_sec if grant.segments == 0 else 0.0
        return grant.segments

    def used(self, granted: int, used: int, *, next_takes: int | None) -> None:
        """Notes what a claim used of what was granted and, if it was too little for the next message, what that takes.

        A message is never split: one of more segments waits until the bucket has them all.
        """
        self._over += granted - used
        self._least = next_takes or 1

    def wait_sec(self) -> float:
        """Returns in how many seconds to ask again; 0 for now."""
        return max(0.0, self._ask_at - time.monotonic())

    def worth_asking_in(self) -> float:
        """Returns in how many seconds the bucket has enough for a claim, though it was emptied just now."""
        segments = max(self._least, math.ceil(self._limit.rate * WORTH_SEC))
        return self.wait_sec() or segments / self._limit.rate

    def called_too_often(self) -> None:
        """Notes that the provider said so; the next question lowers the sender's rate."""
        self._halved = True

    async def close(self) -> None:
        """Returns what was not used."""
        if self._over or self._halved:
            await self._ask(0, 1)

    async def _ask(self, want: int, least: int) -> Grant:
        ask = Ask(want, least, back=self._over, halved=self._halved)
        self._over, self._halved = 0, False
        take = self._road.rates.take
        return await asyncio.get_running_loop().run_in_executor(
            self._road.thread, lambda: take(self._limit, ask, workers=self._road.workers)
        )
