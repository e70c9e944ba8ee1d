"""The send window: as many calls in flight as allowed, one short transaction for every part of it.

An exchange (`exchange.py`) records what was answered and claims as many messages as places are free; only after it
committed are those called, with no transaction open. A commit for every freed place would do 1,000 messages a second,
and draining the window at each batch's end 94 instead of 548 when one answer in a hundred takes five seconds. So an
exchange waits until a quarter of the window is free, or 20 ms, and the window goes on into the campaign's next batch.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import structlog

from config.settings import Settings
from dispatch.providers import Answer, Outgoing, Provider
from dispatch.sending.exchange import Exchange
from dispatch.sending.outcomes import handed_back, outcome_of
from models.campaign_sending import SendingCampaign
from models.message import Claimed, Outcome

log = structlog.get_logger()

# An answer waits this long at most for others to be recorded with it.
PATIENCE = 0.020
# A message claimed this long ago and not called yet is handed back: its lease may not outlive its call.
TOO_LATE_TO_CALL = 2.0
# With another campaign's job in the queue, a job ends after this long instead of its whole time box.
FAIR_SHARE = 2.0
# A retry due within this time is waited for, if no other campaign's job waits for this worker.
WORTH_WAITING = 10.0


class Window:
    """One job's calls in flight. Runs on the event loop; `database` is the thread that makes the exchanges."""

    def __init__(
        self,
        campaign: SendingCampaign,
        exchange: Exchange,
        provider: Provider,
        settings: Settings,
        *,
        database: Executor,
        seconds: float,
        stopped: Callable[[], bool],
        others_waiting: Callable[[], bool],
    ) -> None:
        self.claimed = 0
        self._campaign = campaign
        self._exchange = exchange
        self._provider = provider
        self._settings = settings
        self._database = database
        self._deadline = time.monotonic() + seconds
        self._stopped = stopped
        self._others_waiting = others_waiting
        self._size = settings.send_window
        self._in_flight = 0  # claimed and not recorded yet
        self._to_call: deque[tuple[Claimed, float]] = deque()
        self._idle: list[asyncio.Future[None]] = []
        self._waking = False
        self._answered: list[Outcome] = []
        self._first_answer = asyncio.Event()
        self._enough_answers = asyncio.Event()
        self._halted = False
        self._give_way = False

    async def run(self) -> None:
        """Claims, calls and records until nothing is due or the time is up, and everything in flight is recorded."""
        tasks = [asyncio.create_task(self._call_messages()) for _ in range(self._size)]
        tasks.append(asyncio.create_task(self._watch_queue()))
        try:
            while True:
                await self._exchange_once()
                if self._in_flight:
                    await self._answers()
                elif not (self._may_claim() and not self._exchange.ran_dry) and not await self._worth_staying():
                    break
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _exchange_once(self) -> None:
        """Records and claims in one transaction, and lets the callers at what was claimed."""
        outcomes, self._answered = self._answered, []
        want = self._size - self._in_flight + len(outcomes) if self._may_claim() else 0
        if not outcomes and not want:
            return
        started = time.monotonic()
        claimed = await self._in_thread(self._exchange.trade, outcomes, want)
        self._in_flight += len(claimed) - len(outcomes)
        self.claimed += len(claimed)
        self._to_call.extend([(message, started) for message in claimed])
        self._wake_a_caller()

    def _may_claim(self) -> bool:
        return not (self._halted or self._give_way or self._stopped() or time.monotonic() > self._deadline)

    async def _watch_queue(self) -> None:
        """Lets this job end early once another campaign's job waits: a small one shall not wait for a large one."""
        await asyncio.sleep(FAIR_SHARE)
        while not self._give_way:
            self._give_way = await self._in_thread(self._others_waiting)
            await asyncio.sleep(1)

    async def _answers(self) -> None:
        """Waits until recording is worth a transaction: a quarter of the window, everything, or 20 ms."""
        self._note_answers()
        await self._first_answer.wait()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._enough_answers.wait()
        except TimeoutError:
            pass

    def _note_answers(self) -> None:
        answered = len(self._answered)
        _raise_or_lower(self._first_answer, answered > 0)
        _raise_or_lower(self._enough_answers, answered >= min(self._in_flight, max(1, self._size // 4)))

    async def _worth_staying(self) -> bool:
        """With nothing in flight: waits for a retry that is due soon, unless others wait for this worker."""
        if not self._may_claim() or await self._in_thread(self._others_waiting):
            return False
        due_in = await self._in_thread(self._exchange.soonest_due)
        if due_in is None or due_in > min(WORTH_WAITING, self._deadline - time.monotonic()):
            return False
        # In small steps, so that a stop, or another campaign's job, is not kept waiting.
        await asyncio.sleep(min(max(due_in, 0.01), 0.25))
        return True

    async def _call_messages(self) -> None:
        """One place of the window: takes a claimed message, calls the provider, notes what to record."""
        while True:
            if not self._to_call:
                await self._rest()
                continue
            message, claimed_at = self._to_call.popleft()
            self._wake_a_caller()
            if time.monotonic() - claimed_at > TOO_LATE_TO_CALL:
                outcome = handed_back(message)
            else:
                outcome = outcome_of(await self._call(message), message, self._settings)
            self._answered.append(outcome)
            self._note_answers()

    async def _rest(self) -> None:
        rested = asyncio.get_running_loop().create_future()
        self._idle.append(rested)
        await rested
        self._waking = False

    def _wake_a_caller(self) -> None:
        """Wakes one caller if there is work for it; each wakes the next, so a provider that answers at once is served
        by one caller and the others sleep on (waking all 64 for every exchange costs more than the calls)."""
        if self._to_call and self._idle and not self._waking:
            self._waking = True
            self._idle.pop().set_result(None)

    async def _call(self, message: Claimed) -> Answer:
        campaign_id = self._campaign.id
        try:
            answer = await self._provider.send(
                Outgoing(
                    channel=self._campaign.channel,
                    sender=self._campaign.sender,
                    phone=message.phone,
                    body=message.body,
                    reference=f"{campaign_id}-{message.n}",
                    token=f"{campaign_id}-{message.n}-{message.token:x}",
                    attempt=message.attempts,
                )
            )
        except Exception:
            # A provider names every outcome it knows; of one it does not, nobody can say whether the call left.
            log.exception("provider.failed", message=f"{campaign_id}-{message.n}")
            return Answer("unknown", error_code="provider_error")
        if answer.outcome == "halted" and not self._halted:
            self._halted = True
            await self._pause(f"The provider refuses our account ({answer.error_code}).")
        return answer

    async def _pause(self, reason: str) -> None:
        try:
            await self._in_thread(self._exchange.pause, reason)
        except Exception:
            # The message is handed back all the same; the next job is refused too, and pauses then.
            log.exception("campaign.not_paused", campaign_id=self._campaign.id)

    async def _in_thread(self, function: Callable, *arguments: object) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._database, function, *arguments)


def _raise_or_lower(event: asyncio.Event, flag: bool) -> None:
    if flag:
        event.set()
    else:
        event.clear()
