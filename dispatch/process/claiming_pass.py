"""One pass over what is due: claimed a few at a time, each called by itself, until nothing is due or the time is up."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from time import monotonic
from typing import TypeVar

import structlog

from config.stopping import stopping
from models.failures import PASSING_ERRORS

log = structlog.get_logger()

Claimed = TypeVar("Claimed")
Owner = TypeVar("Owner", bound=Hashable)

# A pass takes nothing new after this long, so that its process can tell a pass from one that hangs.
PASS_SEC, LOOK_EVERY_SEC = 60.0, 0.2


async def claim_and_call(
    first: list[Claimed],
    call: Callable[[Claimed, float], Coroutine[None, None, None]],
    claim: Callable[[int, list[Owner]], list[Claimed]],
    *,
    owner_of: Callable[[Claimed], Owner],
    first_claimed_at: float,
    most: int,
) -> int:
    """Calls for these and for what becomes due meanwhile, `most` at a time; returns how many calls it made.

    `call` gets what was claimed and a time before its claim; `claim` how many to claim at most, and the owners that
    have calls going, whose next ones can wait. What a call raises is raised at the end of the pass, of several the
    first, and keeps no other account waiting; but when the database does not answer, nothing more is claimed.
    """
    claimed, claimed_at = first, first_claimed_at
    made, until = 0, monotonic() + PASS_SEC
    going: dict[asyncio.Task[None], Owner] = {}
    failed: BaseException | None = None
    may_claim = True
    while claimed or going:
        for each in claimed:
            going[asyncio.create_task(call(each, claimed_at))] = owner_of(each)
        made += len(claimed)
        done, _ = await asyncio.wait(going, timeout=LOOK_EVERY_SEC, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            del going[task]
            if problem := task.exception():
                may_claim &= not isinstance(problem, PASSING_ERRORS)
                if failed is None:
                    failed = problem
                else:
                    log.error("call.failed", exc_info=problem)
        claimed, claimed_at = [], monotonic()
        if claimed_at < until and not stopping().asked and len(going) < most and may_claim:
            claimed = claim(most - len(going), list(set(going.values())))
    if failed:
        raise failed
    return made
