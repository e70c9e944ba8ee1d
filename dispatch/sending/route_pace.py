"""The pace of a route of several providers: each message is spent from the bucket of the provider that is called."""

import math
from collections.abc import Sequence

from dispatch.channels.switch import Stop, Switch
from dispatch.sending.pace import Pace, Road
from dispatch.sending.rates import WORTH_SEC, Limit


class Purse:
    """What one job may send now through one provider of its route, in segments. Runs on the event loop."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self._has = 0

    async def fill(self, places: int) -> int:
        """Takes segments for so many places from the provider's bucket, and returns how many."""
        taken = await self.pace.take(places)
        self._has += taken
        return taken

    async def spend(self, segments: int) -> float | None:
        """Spends what one message takes; without spending, returns in how many seconds there may be enough."""
        if self._has < segments:
            self._has += await self.pace.take(segments, least=segments)
        if self._has < segments:
            return self.pace.wait_sec()
        self._has -= segments
        return None

    def give_back(self, segments: int, *, next_takes: int | None = None) -> int:
        """Returns up to so many segments to the bucket with the next question; and how many those are."""
        back = min(self._has, segments)
        self._has -= back
        self.pace.used(back, 0, next_takes=next_takes)
        return back

    def called_too_often(self) -> None:
        """Notes that this provider said so."""
        self.pace.called_too_often()

    async def close(self) -> None:
        """Returns what was not spent."""
        self.give_back(self._has)
        await self.pace.close()


class RoutePace:
    """One job's share of the rates of its route; for a window the same as a `Pace`.

    A route that has an order claims what its first provider may send, of those whose circuit is closed. One with shares
    claims what all of them may.
    """

    def __init__(self, stops: Sequence[Stop], purses: Sequence[Purse | None]) -> None:
        self._purses = list(zip(stops, purses, strict=True))
        self._filled: list[Purse] = []

    async def take(self, places: int) -> int | None:
        """Returns how many segments may be sent now; 0: wait; None: any number."""
        self._filled = []
        if places <= 0:
            return 0
        leading = self._leading()
        weights = sum(stop.weight or 1 for stop, _ in leading)
        taken = 0
        for stop, purse in leading:
            if purse is None:
                return None
            taken += await purse.fill(math.ceil(places * (stop.weight or 1) / weights))
            self._filled.append(purse)
        return taken

    def used(self, granted: int, used: int, *, next_takes: int | None) -> None:
        """Returns what a claim did not use of what was granted."""
        spare = granted - used
        for purse in reversed(self._filled):
            spare -= purse.give_back(spare, next_takes=next_takes)

    def wait_sec(self) -> float:
        """Returns in how many seconds to ask again; 0 for now."""
        return min(purse.pace.wait_sec() if purse else 0.0 for _, purse in self._leading())

    def worth_asking_in(self) -> float:
        """Returns in how many seconds one of the buckets has enough for a claim, though it was emptied just now."""
        return min(purse.pace.worth_asking_in() if purse else WORTH_SEC for _, purse in self._leading())

    async def close(self) -> None:
        """Returns what was not spent."""
        for _, purse in self._purses:
            if purse:
                await purse.close()

    def _leading(self) -> list[tuple[Stop, Purse | None]]:
        """Returns the providers for which messages are claimed."""
        well = [each for each in self._purses if not each[0].circuit.is_open()] or self._purses
        return well[:1] if well[0][0].weight is None else well


def paced(route: Switch, limits: Sequence[Limit | None], road: Road) -> tuple[Switch, RoutePace]:
    """Returns the route with a purse for each of its providers that has a limit, and their pace."""
    purses = [Purse(Pace(limit, road)) if limit else None for limit in limits]
    return route.metered(purses), RoutePace(route.stops, purses)
