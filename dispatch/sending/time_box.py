"""How long a send job may claim: until its time is up, its process stops, or another campaign waits."""

import asyncio
import time
from collections.abc import Callable

# With another campaign's job in the queue, a job ends after this long instead of its whole time box.
FAIR_SHARE_SEC = 0.1
# How often a job looks for other campaigns' jobs.
LOOK_EVERY_SEC = 0.03


class TimeBox:
    """The time in which one job may claim. Runs on the event loop; `others_waiting` may block and runs in a thread.

    `others_wait` says whether another campaign's job waits as the job begins; None: it is asked.
    """

    def __init__(
        self,
        seconds: float,
        *,
        stopped: Callable[[], bool],
        others_waiting: Callable[[], bool],
        others_wait: bool | None = None,
    ) -> None:
        self._deadline = time.monotonic() + seconds
        self._stopped = stopped
        self._others_waiting = others_waiting
        self._others_wait_at_first = others_wait
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
        return await asyncio.to_thread(self._others_waiting)

    async def watch(self, seen: Callable[[], None]) -> None:
        """Calls `seen` whenever another campaign's job waits; closes when one does after the job's fair share.

        So a small campaign does not wait behind a large one. The share begins here, when the job can claim: one that
        was slow to get ready would otherwise give way before it has sent anything.
        """
        began = time.monotonic()
        others_wait = self._others_wait_at_first
        while not self._gave_way:
            if await self.others_wait() if others_wait is None else others_wait:
                self._gave_way |= time.monotonic() - began >= FAIR_SHARE_SEC
                seen()
            await asyncio.sleep(LOOK_EVERY_SEC)
            others_wait = None
