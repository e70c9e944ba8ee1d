"""Leaves a provider that fails again and again alone, and tries it with one message before it is used again."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from time import monotonic

import structlog

from dispatch.channels.shared_circuits import ERRORS, PAUSE_SEC, WITHIN_SEC, Agreed, News, SharedCircuits
from dispatch.providers import UNREACHABLE, Answer

log = structlog.get_logger()

# A worker that has nothing to tell asks so often how the others fare.
AGREE_EVERY_SEC = 0.25


class Circuit:
    """The errors of one provider, as all workers see them or, while Redis is away, as this one does.

    Belongs to its worker's event loop; `thread` asks Redis. Times are in seconds.
    """

    def __init__(
        self,
        name: str,
        *,
        shared: SharedCircuits | None = None,
        thread: Executor | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._name = name
        self._shared = shared
        self._thread = thread
        self._clock = clock
        self._errors: deque[float] = deque(maxlen=ERRORS)
        self._try_at: float | None = None
        self._trying = False
        # Whether the others are known; then one of all workers is told that it may try.
        self._agrees = False
        self._may_try = False
        self._agreed_at = -AGREE_EVERY_SEC
        self._untold = News()
        self._error_code: str | None = None

    async def agree(self) -> None:
        """Tells the others what has happened here and learns how the circuit stands, in one command, now and then."""
        due = self._clock() - self._agreed_at >= AGREE_EVERY_SEC
        if due or self._untold != News() or self._wants_trial():
            await self._tell(self._untold._replace(wants_trial=self._wants_trial()))

    async def leave(self) -> None:
        """Lets another worker try the provider if this one was to, and has had no message for it."""
        if self._may_try:
            self._may_try = False
            self._untold = self._untold._replace(said="let_go")
        if self._untold != News():
            await self._tell(self._untold)

    def may_call(self) -> bool:
        """Returns whether the provider may be called now; of an open circuit only once, until the answer is noted."""
        if self._try_at is None:
            return True
        if self._trying or not (self._may_try if self._agrees else self._clock() >= self._try_at):
            return False
        self._trying, self._may_try = True, False
        return True

    def is_open(self) -> bool:
        """Returns whether the provider is left alone, apart from a message that tries it now and then."""
        return self._try_at is not None

    def let_go(self) -> None:
        """Notes that the one message that was to be tried was never answered, so that another may be."""
        if self._trying:
            self._untold = self._untold._replace(said="let_go")
        self._trying = False

    def left_sec(self) -> float:
        """Returns how long it is until an open circuit is tried again."""
        return PAUSE_SEC if self._try_at is None else max(0.0, self._try_at - self._clock())

    def note(self, answer: Answer, *, counts_refusals: bool) -> None:
        """Notes what a call was answered; a refusal of our account is an error where another provider can be called."""
        was_open, self._trying = self._try_at is not None, False
        if not _is_error(answer) and not (answer.outcome == "halted" and counts_refusals):
            if was_open:
                self._untold = self._untold._replace(said="answered")
                self._close()
                log.info("provider.circuit_closed", provider=self._name)
            return
        now = self._clock()
        self._errors.append(now)
        self._untold = self._untold._replace(errors=self._untold.errors + 1)
        self._error_code = answer.error_code
        if was_open:
            self._try_at = now + PAUSE_SEC
        elif len(self._errors) == ERRORS and now - self._errors[0] <= WITHIN_SEC:
            self._try_at = now + PAUSE_SEC
            log.error("provider.circuit_opened", provider=self._name, error_code=answer.error_code)

    async def _tell(self, news: News) -> None:
        if self._shared is None:
            return
        self._untold, self._agreed_at = News(), self._clock()
        loop = asyncio.get_running_loop()
        self._follow(await loop.run_in_executor(self._thread, self._shared.tell, self._name, news))

    def _wants_trial(self) -> bool:
        return self._try_at is not None and not (self._trying or self._may_try) and self._clock() >= self._try_at

    def _follow(self, agreed: Agreed | None) -> None:
        """Takes over how the circuit stands for all."""
        self._agrees = agreed is not None
        if agreed is None or self._untold.said == "answered":
            return
        self._may_try = self._may_try or agreed.tries
        if not agreed.is_open:
            if self.is_open():
                self._close()
        elif not self._trying:
            if agreed.changed and not self.is_open():
                log.error("provider.circuit_opened", provider=self._name, error_code=self._error_code)
            self._try_at = self._clock() + agreed.left_sec

    def _close(self) -> None:
        self._try_at, self._may_try = None, False
        self._errors.clear()


def _is_error(answer: Answer) -> bool:
    unreachable = answer.outcome == "deferred" and answer.error_code in UNREACHABLE
    return unreachable or answer.outcome == "unknown"
