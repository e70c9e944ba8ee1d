"""How much each of many has open at once: connections of an address, event streams of an account."""

from collections import Counter
from collections.abc import Hashable


class Crowd:
    """Lets each of them in until it has as many as it may."""

    def __init__(self) -> None:
        self._inside: Counter[Hashable] = Counter()

    def enter(self, who: Hashable, *, most: int) -> bool:
        """Counts one more; returns False, and counts nothing, if they have `most` already."""
        if self._inside[who] >= most:
            return False
        self._inside[who] += 1
        return True

    def leave(self, who: Hashable) -> None:
        """Counts one less of someone who has entered."""
        self._inside[who] -= 1
        if not self._inside[who]:
            del self._inside[who]

    def total(self) -> int:
        """Returns how many there are of all of them."""
        return self._inside.total()
