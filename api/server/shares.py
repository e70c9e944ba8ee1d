"""How many of something scarce each of many may hold at once: always fewer than are left for the others."""

import threading
from collections import Counter, deque
from collections.abc import Hashable


class Shares:
    """Lets each of them hold another one as long as more are free than it holds.

    So one alone gets half of them, each of two a third, and whoever comes next finds some free. One that holds none is
    never refused. What is put back goes to who has waited longest of those who hold least: waking all who wait would
    cost more than what they wait for.
    """

    def __init__(self, total: int) -> None:
        self._free = total
        self._held: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, deque[threading.Event]] = {}
        self._lock = threading.Lock()

    def take(self, who: Hashable, *, wait_sec: float = 0) -> bool:
        """Takes one, if need be when another has been put back; False when that took too long."""
        with self._lock:
            if who not in self._waiting and self._took(who):
                return True
            if not wait_sec:
                return False
            turn = threading.Event()
            self._waiting.setdefault(who, deque()).append(turn)
        turn.wait(wait_sec)
        with self._lock:
            if not turn.is_set():
                self._waiting[who].remove(turn)
                self._forget_if_none_waits(who)
            return turn.is_set()

    def put_back(self, who: Hashable) -> None:
        """Puts back one that was taken."""
        with self._lock:
            self._held[who] -= 1
            self._free += 1
            if not self._held[who]:
                del self._held[who]
            for each in sorted(self._waiting, key=self._held.__getitem__):
                if self._took(each):
                    self._waiting[each].popleft().set()
                    self._forget_if_none_waits(each)

    # These are called with the lock held.

    def _took(self, who: Hashable) -> bool:
        if self._held[who] and self._held[who] >= self._free:
            return False
        self._held[who] += 1
        self._free -= 1
        return True

    def _forget_if_none_waits(self, who: Hashable) -> None:
        if not self._waiting[who]:
            del self._waiting[who]
