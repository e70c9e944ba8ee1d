"""The send window: as many calls in flight as allowed, one short transaction for every part of it.

An exchange (`exchange.py`) records what was answered and claims as many messages as places are free; only after it
committed are those called (`calls.py`), with no transaction open. A commit for every freed place would do 1,000
messages a second, and draining the window at each batch's end 94 instead of 548 when one answer in a hundred takes five
seconds. So an exchange waits until a quarter of the window is free, or 20 ms, and the window continues into the
campaign's next batch. When there is nothing more to claim and another campaign waits, the job ends, and its last calls
are recorded beside the next one.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from typing import TypeVar

import structlog

from dispatch.channels.switch import Switch
from dispatch.sending.calls import Calls
from dispatch.sending.exchange import Exchange
from dispatch.sending.pace import Pace
from dispatch.sending.rates import WORTH_SEC
from dispatch.sending.route_pace import RoutePace
from dispatch.sending.time_box import TimeBox
from dispatch.tracing.spans import span

log = structlog.get_logger()

T = TypeVar("T")

# A retry due within this time is waited for, if no other campaign's job waits for this worker.
WAIT_FOR_RETRY_SEC = 10.0
# That wait is made in steps between these, so that a stop or another campaign's job is noticed soon.
MIN_STEP_SEC, MAX_STEP_SEC = 0.01, 0.25


class Window:
    """One job's messages in flight. Runs on the event loop; `database` is the thread that makes the exchanges.

    `pace` is None when the sender has no rate, `route` when the account has none.
    """

    def __init__(
        self,
        exchange: Exchange,
        calls: Calls,
        time_box: TimeBox,
        *,
        database: Executor,
        pace: Pace | RoutePace | None = None,
        route: Switch | None = None,
    ) -> None:
        self.claimed = 0
        #: Done when the job need not wait any more: only calls in flight are left, and another campaign waits.
        self.left: Future[None] = Future()
        self._exchange = exchange
        self._calls = calls
        self._time_box = time_box
        self._database = database
        self._pace = pace
        self._route = route
        self._halted = False
        # By when every batch that the job has left is due.
        self._due_at = 0.0
        self._wanted_elsewhere = False

    async def run(self) -> None:
        """Claims, calls and records until nothing is due or the time is up; everything in flight is then recorded."""
        async with _in_background(self._time_box.watch(self._others_wait), *self._calls.callers()):
            while True:
                await self._exchange_once()
                if self._can_leave() and not self.left.done():
                    await self._leave()
                if self._calls.in_flight:
                    await self._calls.worth_recording(within_sec=self._may_claim_in())
                elif not self._may_claim() or not await self._may_go_on():
                    break

    def waits_sec(self) -> float:
        """Returns in how many seconds the sender's rate lets it claim more; 0 for now."""
        return self._pace.wait_sec() if self._pace else 0.0

    def due_in_sec(self) -> float:
        """Returns in how many seconds the campaign is due again: the sender may send more, and the batch says so."""
        return max(self.waits_sec(), self._due_at - time.monotonic(), 0.0)

    def _may_claim_in(self) -> float | None:
        """Returns in how many seconds more may be claimed without an answer; None when it takes an answer.

        The sender's bucket fills while calls are out. With 40 segments a second and answers after two seconds, a window
        that waited for those sent 10 a second.
        """
        if not self._may_claim() or self._exchange.ran_dry or self._calls.places_after_recording() <= 0:
            return None
        return self._pace.worth_asking_in() if self._pace else WORTH_SEC

    async def _exchange_once(self) -> None:
        """Records and claims in one transaction, and hands what was claimed to the callers."""
        if self._calls.refusal and not self._halted:
            await self._halt(f"The provider refuses our account ({self._calls.refusal}).")
        if self._route:
            await self._route.agree()
        segments = await self._segments()
        outcomes = self._calls.take_outcomes()
        want = self._calls.free_places() if self._may_claim() and segments != 0 else 0
        if outcomes or want:
            started = time.monotonic()
            with span("exchange") as exchange:
                claimed = await self._in_thread(lambda: self._exchange.record_and_claim(outcomes, want, segments))
                exchange.note({"campaign_dispatch.recorded": len(outcomes), "campaign_dispatch.claimed": len(claimed)})
            self.claimed += len(claimed)
            self._calls.add(claimed, claimed_at=started)
        if self._pace and segments:
            used, next_takes = (self._exchange.segments, self._exchange.next_takes) if want else (0, None)
            self._pace.used(segments, used, next_takes=next_takes)

    async def _segments(self) -> int | None:
        """Returns how many segments may be sent now; None for any number."""
        if self._pace is None:
            return None
        return await self._pace.take(self._calls.places_after_recording() if self._may_claim() else 0)

    @property
    def in_flight(self) -> int:
        """Returns how many messages are claimed whose outcome has not been taken yet."""
        return self._calls.in_flight

    def _others_wait(self) -> None:
        """Notes that another campaign's job waits, and stops waiting for answers if it need not wait for them."""
        self._wanted_elsewhere = True
        if self._can_leave():
            self._calls.look_up()

    def _can_leave(self) -> bool:
        cannot_claim = self._exchange.ran_dry or not self._may_claim() or self.waits_sec() > 0
        return bool(self._wanted_elsewhere and self._calls.in_flight and cannot_claim)

    async def _leave(self) -> None:
        """Lets the job end: leaves its batch to others, and from now on only records."""
        self._time_box.close()
        await self._leave_by(self._exchange.leave)
        self.left.set_result(None)

    async def close(self) -> None:
        """Leaves what the job still has, and returns its connection."""
        await self._leave_by(self._exchange.close)
        if self._route:
            await self._route.leave()

    async def _leave_by(self, leave: Callable[[float | None], None]) -> None:
        """Leaves the batch, due when the sender may send again; `due_in_sec` says so from then on."""
        waits_sec = self.waits_sec()
        await self._in_thread(lambda: leave(waits_sec or None))
        self._due_at = max(self._due_at, time.monotonic() + waits_sec)

    def _may_claim(self) -> bool:
        return self._time_box.is_open() and not self._calls.refusal

    async def _halt(self, reason: str) -> None:
        """Pauses the campaign before the refused message is recorded as pending, so that no one claims it."""
        self._halted = True
        try:
            await self._in_thread(lambda: self._exchange.pause(reason))
        except Exception:
            # The message is handed back all the same; the next job is refused too, and pauses then.
            log.exception("campaign.not_paused")

    async def _may_go_on(self) -> bool:
        """Waits a step if there is a reason to, with nothing in flight; False if the job has to end."""
        if waits_sec := self.waits_sec():
            return await self._wait(waits_sec)
        return not self._exchange.ran_dry or await self._wait(await self._in_thread(self._exchange.soonest_due))

    async def _wait(self, due_in_sec: float | None) -> bool:
        """Waits a step if something is due soon and no other campaign waits; False if not."""
        if due_in_sec is None or due_in_sec > min(WAIT_FOR_RETRY_SEC, self._time_box.left_sec()):
            return False
        if await self._time_box.others_wait():
            return False
        await asyncio.sleep(min(max(due_in_sec, MIN_STEP_SEC), MAX_STEP_SEC))
        return True

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._database, function)


@asynccontextmanager
async def _in_background(*work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Runs these beside the block, and cancels them at its end."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
