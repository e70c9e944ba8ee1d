"""Finds the rest of a record that a line break inside an unquoted cell has cut in two.

Nothing marks such a break. What can be known: a program writes all columns on every line, so if the lines so far had
all of them, one lacks some and the next has exactly as many as it lacked, or a part of them, the two are one record.
What cannot be known is a break in the first or last column, whose halves look like whole lines, and one in a file whose
lines leave out empty values at their end, as people write them.
"""

from collections.abc import Sequence

# How many values the last line lacked, whether a line had all of them, and whether lines leave out values at their end.
State = tuple[int, bool, bool]


class LineBreaks:
    """Follows how many values the lines of a file with so many columns have."""

    def __init__(self, columns: int, state: Sequence[int | bool] = (0, False, False)) -> None:
        self._columns = columns
        missing, self._was_full, self._leaves_out = state
        self._missing = int(missing)

    @property
    def state(self) -> State:
        """Returns what continues it."""
        return self._missing, bool(self._was_full), bool(self._leaves_out)

    def is_a_rest(self, values: int) -> bool:
        """Returns whether the next line, which has so many values and is not blank, is the rest of the one before."""
        if values >= self._columns:
            # The one before stood alone, unless it was cut in its first column.
            self._leaves_out = self._leaves_out or 0 < self._missing < self._columns - 1
            self._was_full, self._missing = True, 0
            return False
        continues = self._missing > 0 and values - 1 <= self._missing
        if continues and self._was_full and not self._leaves_out:
            self._missing -= values - 1
            return True
        self._leaves_out = self._leaves_out or (self._missing > 0 and not continues)
        self._missing = self._columns - values
        return False
