"""Leaves a provider that fails again and again alone, and tries it with one message before it is used again."""

from collections import deque
from collections.abc import Callable
from time import monotonic

import structlog

from dispatch.metrics.counted import OPEN_CIRCUITS
from dispatch.metrics.tally import kind_of
from dispatch.providers import UNREACHABLE, Answer

log = structlog.get_logger()

# So many errors within this time open the circuit.
ERRORS, WITHIN_SEC = 50, 60.0
# While it is open, one message is tried after each such pause.
PAUSE_SEC = 10.0


class Circuit:
    """The errors of one provider, as one worker sees them. Belongs to its event loop; times are in seconds."""

    def __init__(self, name: str, *, clock: Callable[[], float] = monotonic) -> None:
        self._name = name
        self._clock = clock
        self._errors: deque[float] = deque(maxlen=ERRORS)
        self._try_at: float | None = None
        self._trying = False

    def may_call(self) -> bool:
        """Returns whether the provider may be called now; of an open circuit only once, until the answer is noted."""
        if self._try_at is None:
            return True
        if self._trying or self._clock() < self._try_at:
            return False
        self._trying = True
        return True

    def is_open(self) -> bool:
        """Returns whether the provider is left alone, apart from a message that tries it now and then."""
        return self._try_at is not None

    def forget(self) -> None:
        """Counts the circuit as open no longer, because no one will ask it again."""
        if self.is_open():
            OPEN_CIRCUITS.labels(kind_of(self._name)).dec()

    def let_go(self) -> None:
        """Notes that the one message that was to be tried was never answered, so that another may be."""
        self._trying = False

    def left_sec(self) -> float:
        """Returns how long it is until an open circuit is tried again."""
        return PAUSE_SEC if self._try_at is None else max(0.0, self._try_at - self._clock())

    def note(self, answer: Answer, *, counts_refusals: bool) -> None:
        """Notes what a call was answered; a refusal of our account is an error where another provider can be called."""
        was_open, self._trying = self._try_at is not None, False
        if not _is_error(answer) and not (answer.outcome == "halted" and counts_refusals):
            if was_open:
                log.info("provider.circuit_closed", provider=self._name)
                OPEN_CIRCUITS.labels(kind_of(self._name)).dec()
            self._try_at = None
            if was_open:
                self._errors.clear()
            return
        now = self._clock()
        self._errors.append(now)
        if was_open:
            self._try_at = now + PAUSE_SEC
        elif len(self._errors) == ERRORS and now - self._errors[0] <= WITHIN_SEC:
            self._try_at = now + PAUSE_SEC
            log.error("provider.circuit_opened", provider=self._name, error_code=answer.error_code)
            OPEN_CIRCUITS.labels(kind_of(self._name)).inc()


def _is_error(answer: Answer) -> bool:
    unreachable = answer.outcome == "deferred" and answer.error_code in UNREACHABLE
    return unreachable or answer.outcome == "unknown"
