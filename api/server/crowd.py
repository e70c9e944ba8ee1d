"""How many connections each address has open."""

from collections import Counter


class Crowd:
    """Lets each address in until it has `most` connections."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Counts one connection more; returns False, and counts nothing, if the address has enough."""
        if self._inside[address] >= self._most:
            return False
        self._inside[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Counts one connection less of an address that has entered."""
        self._inside[address] -= 1
        if not self._inside[address]:
            del self._inside[address]
