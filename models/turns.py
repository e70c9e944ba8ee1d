"""Whose turn it is when several accounts have work, so that one waits for the others and not for how much they have."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

# What a query orders by: `LEFT JOIN {HAD} USING (account_id)`, with the parameters that `Turns.had` returns.
HAD = "unnest(%(had_accounts)s::uuid[], %(had_turns)s::int[]) AS had (account_id, turns)"


class Turns:
    """How many turns each account has had lately: one for each piece of its work, one more for each second of it.

    Of several accounts with work, the one with the fewest turns is next. It is kept in the memory of a process: when it
    is lost, the accounts begin as equals.
    """

    def __init__(self) -> None:
        self._had: dict[UUID, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def turn_of(self, account_id: UUID) -> Iterator[None]:
        """Counts what the block does as a turn of the account."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.took(account_id, time.monotonic() - begun)

    def took(self, account_id: UUID, seconds: float) -> None:
        """Counts a piece of the account's work that took this long."""
        with self._lock:
            self._had[account_id] = self._had.get(account_id, 0) + 1 + seconds

    def of(self, account_id: UUID) -> float:
        """Returns what the account has had."""
        with self._lock:
            return self._had.get(account_id, 0)

    def fade(self) -> None:
        """Halves what everyone has had: the longer ago it was, the less it counts, until it is forgotten."""
        with self._lock:
            self._had = {account: turns / 2 for account, turns in self._had.items() if turns >= 2}

    def had(self) -> dict[str, Any]:
        """Returns the parameters of HAD."""
        with self._lock:
            return {"had_accounts": list(self._had), "had_turns": [int(turns) for turns in self._had.values()]}
