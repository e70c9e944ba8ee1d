"""Stores together what several requests bring at the same time: one statement and one commit for all of them.

The first request stores at once. Those that come meanwhile wait, and one of them stores for all, so that no request
waits for more than the statement before its own, and the more there are, the more share a commit.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

# Requests that share one statement.
MOST = 200
# The request that was to store next may have died; a statement is given up before.
WAIT_SEC = 90.0


@dataclass(slots=True, eq=False)
class _Share(Generic[T]):
    """What one request brings, and what becomes of it."""

    item: T
    #: It is this request's turn to store, or all is said.
    wake: threading.Event = field(default_factory=threading.Event)
    stored: int | None = None


class Gathering(Generic[T]):
    """Lets `store_all`, which returns a number for each item, store what several threads bring."""

    def __init__(self, store_all: Callable[[Sequence[T]], Sequence[int]]) -> None:
        self._store_all = store_all
        self._lock = threading.Lock()
        self._waiting: list[_Share[T]] = []
        self._storing = False

    def store(self, item: T) -> int:
        """Returns what `store_all` does for this item, once it is stored.

        An item that could not be stored with the others is stored alone, so that none fails for another's sake.
        """
        mine = _Share(item)
        with self._lock:
            self._waiting.append(mine)
            first, self._storing = not self._storing, True
        if not first:
            mine.wake.wait(WAIT_SEC)
        if mine.stored is None and self._is_turn_of(mine):
            self._store_those_who_wait()
        return self._store_all([item])[0] if mine.stored is None else mine.stored

    def _is_turn_of(self, share: _Share[T]) -> bool:
        with self._lock:
            return share in self._waiting

    def _store_those_who_wait(self) -> None:
        with self._lock:
            together, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        try:
            for share, stored in zip(together, self._store_all([each.item for each in together]), strict=True):
                share.stored = stored
        except Exception:
            # Each of them finds out by itself.
            if len(together) == 1:
                raise
        finally:
            with self._lock:
                self._storing = bool(self._waiting)
                following = self._waiting[:1]
            for share in (*together, *following):
                share.wake.set()
