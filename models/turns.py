"""Whose turn it is when several accounts have work, so that one waits for the others and not for how much they have.

Where they do not take turns, they share places: those of a process for calls to the outside.
"""

import threading
import time
from collections.abc import Iterator, Sequence
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


def within_shares(due: str, *, key: str) -> str:
    """Returns SQL for the keys of those of the rows `due` for which their accounts may take a place.

    An account takes another place only while more are free than it has (docs/why.md#shares-of-connections). The first
    of each account come first, then the second, and so on. The parameters are what `shares` returns.
    """
    return f"""
        SELECT {key} FROM (
            SELECT {key}, turn, row_number() OVER (ORDER BY turn, random()) AS position FROM (
                SELECT {key}, row_number() OVER (PARTITION BY account_id ORDER BY random())
                              + (SELECT count(*) FROM unnest(%(holding)s::uuid[]) AS held (by_account)
                                 WHERE by_account = account_id) AS turn
                FROM {due}) AS of_account) AS of_all
        WHERE turn + position <= %(free)s + 1"""


def shares(*, free: int, holding: Sequence[UUID]) -> dict[str, Any]:
    """Returns the parameters of `within_shares`: how many places are free, and the account of each that is not."""
    return {"free": free, "holding": list(holding)}
