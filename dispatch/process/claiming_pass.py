"""One pass over what is due: claimed a few at a time, each called by itself, until nothing is due or the time is up."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic
from typing import Generic, TypeVar

import structlog

from config.stopping import stopping
from models.failures import PASSING_ERRORS

log = structlog.get_logger()

Claimed = TypeVar("Claimed")
Owner = TypeVar("Owner", bound=Hashable)

# A pass takes nothing new after this long, so that its process can tell a pass from one that hangs.
PASS_SEC, LOOK_EVERY_SEC = 60.0, 0.2


class Passes(Generic[Owner]):
    """The passes of one process: one of them claims, beside those that take nothing new and wait for their last calls.

    Together they have no more calls going than one may have.
    """

    def __init__(self) -> None:
        self._claiming, self._lock = threading.Lock(), threading.Lock()
        self._going: dict[asyncio.Task[None], Owner] = {}

    @contextmanager
    def turn(self) -> Iterator["Turn[Owner]"]:
        """Waits until no other pass claims, and yields the turn of this one."""
        with ExitStack() as held:
            held.enter_context(self._claiming)
            yield Turn(self, held.close)

    @property
    def only_wait(self) -> bool:
        """Whether there are passes, none of which takes anything new, so that another may begin beside them."""
        return bool(self._going) and not self._claiming.locked()

    @property
    def going(self) -> list[Owner]:
        """The owners of all calls that are going, of every pass."""
        with self._lock:
            return list(self._going.values())

    def begun(self, task: asyncio.Task[None], owner: Owner) -> asyncio.Task[None]:
        """Counts a call until it has ended, and returns it."""
        with self._lock:
            self._going[task] = owner
        task.add_done_callback(self.ended)
        return task

    def ended(self, *tasks: asyncio.Task[None]) -> None:
        """Counts these calls no longer, whether or not their callbacks have run: the owners may have the next ones."""
        with self._lock:
            for task in tasks:
                self._going.pop(task, None)


class Turn(Generic[Owner]):
    """The right to claim, which one pass of a process has at a time; `end` leaves it to the next pass."""

    def __init__(self, passes: Passes[Owner], end: Callable[[], None]) -> None:
        self.passes, self.end = passes, end


async def claim_and_call(
    first: list[Claimed],
    call: Callable[[Claimed, float], Coroutine[None, None, None]],
    claim: Callable[[int, list[Owner]], list[Claimed]],
    *,
    turn: Turn[Owner],
    owner_of: Callable[[Claimed], Owner],
    first_claimed_at: float,
    most: int,
) -> int:
    """Calls for these and for what becomes due meanwhile, `most` at a time; returns how many calls it made.

    `call` gets what was claimed and a time before its claim; `claim` how many to claim at most, and the owners that
    have calls going, whose next ones can wait. When its time is up, its `turn` ends, and its calls do so beside the
    next pass. What a call raises is raised at the end of the pass, of several the first, and keeps no other account
    waiting; but when the database does not answer, nothing more is claimed.
    """
    claimed, claimed_at = first, first_claimed_at
    made, until = 0, monotonic() + PASS_SEC
    passes, going = turn.passes, set[asyncio.Task[None]]()
    failed: BaseException | None = None
    may_claim = True
    while claimed or going:
        for each in claimed:
            going.add(passes.begun(asyncio.create_task(call(each, claimed_at)), owner_of(each)))
        made += len(claimed)
        done, _ = await asyncio.wait(going, timeout=LOOK_EVERY_SEC, return_when=asyncio.FIRST_COMPLETED)
        going -= done
        passes.ended(*done)
        for problem in (raised for task in done if (raised := task.exception())):
            may_claim &= not isinstance(problem, PASSING_ERRORS)
            failed = _first(failed, problem)
        claimed, claimed_at = [], monotonic()
        if claimed_at >= until or stopping().asked:
            turn.end()
        elif may_claim and (free := most - len(busy := passes.going)) > 0:
            claimed = claim(free, list(set(busy)))
    if failed:
        raise failed
    return made


def _first(earlier: BaseException | None, problem: BaseException) -> BaseException:
    """Returns the problem of the two that came first; the other is logged."""
    if earlier is None:
        return problem
    log.error("call.failed", exc_info=problem)
    return earlier
