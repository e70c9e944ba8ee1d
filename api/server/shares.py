"""How many of something scarce each of many may hold at once: always fewer than are left for the others."""

import threading
from collections.abc import Hashable

from api.server.crowd import Crowd


class Shares:
    """Lets each of them hold another one as long as more are free than it holds.

    So one alone gets half of them, each of two a third, and whoever comes next finds some free. One that holds none is
    never refused.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._held = Crowd()
        self._changed = threading.Condition()

    def take(self, who: Hashable, *, wait_sec: float = 0) -> bool:
        """Takes one, if need be when another has been put back; False when that took too long."""
        with self._changed:
            return self._changed.wait_for(lambda: self._took(who), wait_sec)

    def put_back(self, who: Hashable) -> None:
        """Puts back one that was taken."""
        with self._changed:
            self._held.leave(who)
            self._changed.notify_all()

    # Called with the lock held.
    def _took(self, who: Hashable) -> bool:
        free = self._total - self._held.total()
        return self._held.enter(who, most=max(1, free))
