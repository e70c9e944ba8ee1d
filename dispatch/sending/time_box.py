"""How long a send job may claim: until its time is up, its process stops, or another campaign waits."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass

# With another campaign's job in the queue, a job ends after its share instead of its whole time box.
MIN_SHARE_SEC, MAX_SHARE_SEC = 0.02, 0.1
# How often a job looks for other campaigns' jobs, and how often while it also hears of them.
LOOK_EVERY_SEC, LOOK_ALSO_EVERY_SEC = 0.03, 0.25
# The shortest time between two looks, however much it hears.
LOOK_AFTER_SEC = 0.01


@dataclass(frozen=True, slots=True)
class Others:
    """How a send job learns that another campaign's job waits for its worker.

    `waiting` and `makes_way` may block, and run in a thread.
    """

    #: Whether another campaign's job waits.
    waiting: Callable[[], bool]
    #: Whether one waits as this job begins; None when that is to be asked.
    at_first: bool | None = None
    #: Whether this worker, of all that see it, is the one to end its job for it.
    makes_way: Callable[[], bool] = lambda: True
    #: Yields when it begins to listen, and when another campaign's job may have begun to wait; None: nothing tells.
    arrivals: Callable[[], AsyncIterator[None]] | None = None


NONE_WAIT = Others(lambda: False)


def share_after(seconds: float) -> float:
    """Returns the share of a job that waited while another one of its worker took so long.

    It is twice as long: a large campaign whose worker sends small ones in between makes way for the next of them soon,
    and still has most of the time, while two large ones soon take turns of the longest share.
    """
    return min(max(2 * seconds, MIN_SHARE_SEC), MAX_SHARE_SEC)


class TimeBox:
    """The time in which one job may claim. Runs on the event loop."""

    def __init__(
        self, seconds: float, *, stopped: Callable[[], bool], others: Others, share_sec: float = MAX_SHARE_SEC
    ) -> None:
        self._deadline = time.monotonic() + seconds
        self._stopped = stopped
        self._others = others
        self._share_sec = share_sec
        self._heard = asyncio.Event()
        self._listens = False
        self._gave_way = False

    def is_open(self) -> bool:
        """Returns whether the job may claim more messages."""
        return self.left_sec() >= 0 and not self._gave_way and not self._stopped()

    def left_sec(self) -> float:
        """Returns the time until the deadline; negative after it."""
        return self._deadline - time.monotonic()

    def close(self) -> None:
        """Ends the time of the job now."""
        self._gave_way = True

    async def others_wait(self) -> bool:
        """Returns whether another campaign's job waits for this worker."""
        return await asyncio.to_thread(self._others.waiting)

    async def watch(self, seen: Callable[[], None]) -> None:
        """Calls `seen` whenever another campaign's job waits; closes when one does after the job's share.

        So a small campaign does not wait behind a large one. The share begins here, when the job can claim: one that
        was slow to get ready would otherwise give way before it has sent anything.
        """
        share_ends_at = time.monotonic() + self._share_sec
        others_wait = self._others.at_first
        listening: asyncio.Task[None] | None = None
        try:
            while not self._gave_way:
                share_is_over = time.monotonic() >= share_ends_at
                if await self._look(others_wait, share_is_over):
                    seen()
                others_wait = None
                # Most jobs end before that.
                if share_is_over and self._others.arrivals and listening is None:
                    listening = asyncio.create_task(self._listen(self._others.arrivals()))
                await self._until_next_look(share_ends_at - time.monotonic())
        finally:
            if listening:
                listening.cancel()
                await asyncio.wait([listening])

    async def _look(self, others_wait: bool | None, share_is_over: bool) -> bool:
        """Returns whether another campaign's job waits; gives way if this job has had its share."""
        heard = self._heard.is_set()
        self._heard.clear()
        if heard and share_is_over:
            return await self._make_way()  # which looks for itself
        if not (await self.others_wait() if others_wait is None else others_wait):
            return False
        if share_is_over:
            await self._make_way()
        return True

    async def _make_way(self) -> bool:
        if await asyncio.to_thread(self._others.makes_way):
            self._gave_way = True
        return self._gave_way

    async def _until_next_look(self, share_left_sec: float) -> None:
        if not self._listens:
            await asyncio.sleep(min(LOOK_EVERY_SEC, share_left_sec) if share_left_sec > 0 else LOOK_EVERY_SEC)
            return
        await asyncio.sleep(LOOK_AFTER_SEC)
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_ALSO_EVERY_SEC - LOOK_AFTER_SEC):
                await self._heard.wait()

    async def _listen(self, arrivals: AsyncIterator[None]) -> None:
        try:
            async for _ in arrivals:
                self._listens = True
                self._heard.set()
        finally:
            self._listens = False
            self._heard.set()
