"""Saves the answers of a process that has to end while PostgreSQL is away."""

import threading
from collections.abc import Callable, Iterable
from enum import Enum
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Protocol

import redis
import structlog

from dispatch.sending.kept_answers import counted, keep_answers
from models.campaigns.sending import SendingCampaign
from models.messages.message import Outcome

log = structlog.get_logger()

# After the last call can have been answered; a stop is allowed FINISH_SEC (config/settings.py) from then on.
MARGIN_SEC = 1.0
# How often it looks again, for answers that came later, or because Redis was away too.
LOOK_EVERY_SEC = 0.5


class Unrecorded(Protocol):
    """A job's work, as the keeper sees it."""

    @property
    def campaign(self) -> SendingCampaign:
        """Returns the campaign that the answers are of."""

    @property
    def provider(self) -> str:
        """Returns how messages name the provider that is called."""

    def unrecorded(self) -> list[Outcome]:
        """Returns the answers that are not known to be recorded, from any thread."""

    def give_up(self) -> None:
        """Lets the work end without recording them."""


class _Order(Enum):
    STOP = "stop"
    CLOSE = "close"


class Keeper:
    """Watches from a thread of its own, because the one that records may wait for a server that hangs.

    An answer that it keeps may be recorded by its process after all; to record it again changes nothing.
    """

    def __init__(self, works: Callable[[], Iterable[Unrecorded]], *, after_sec: float) -> None:
        self._works = works
        self._after_sec = after_sec + MARGIN_SEC
        self._kept: set[tuple[int, int, int]] = set()
        self._told_lost = 0
        # Not events: `put` may be interrupted by a second signal that calls it too.
        self._orders: SimpleQueue[_Order] = SimpleQueue()
        self._thread = threading.Thread(target=self._watch, name="keeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Starts the time after which what is not recorded is kept; safe in a signal handler."""
        self._orders.put(_Order.STOP)

    def close(self) -> None:
        """Ends the watch, after a last look."""
        self._orders.put(_Order.CLOSE)
        self._thread.join()
        self._keep()

    def _watch(self) -> None:
        order = self._orders.get()
        look_at = monotonic() + self._after_sec
        while order != _Order.CLOSE:
            try:
                order = self._orders.get(timeout=max(0.0, look_at - monotonic()))
            except Empty:
                self._keep()
                look_at = monotonic() + LOOK_EVERY_SEC

    def _keep(self) -> None:
        lost: list[Outcome] = []
        for work in self._works():
            left = [each for each in work.unrecorded() if (work.campaign.id, each.n, each.token) not in self._kept]
            try:
                if left:
                    self._keep_these(work, left)
            except redis.RedisError:
                # It goes on trying to record them, until it is killed.
                lost += left
            else:
                work.give_up()
        if len(lost) > self._told_lost:
            log.error("answers.not_kept", answers=len(lost), **counted(lost))
        self._told_lost = len(lost)

    def _keep_these(self, work: Unrecorded, answers: list[Outcome]) -> None:
        campaign = work.campaign
        keep_answers(campaign.id, answers, provider=work.provider, batch_size=campaign.batch_size)
        self._kept.update((campaign.id, each.n, each.token) for each in answers)
        log.warning("answers.kept", campaign_id=campaign.id, answers=len(answers), **counted(answers))
