"""How long providers took to answer, noted for each call and counted once for many."""

from collections import Counter
from collections.abc import Sequence
from operator import itemgetter

from dispatch.metrics.counted import CALL_SECONDS
from dispatch.metrics.tally import kind_of
from models.messages.message import Outcome

# Of an outcome: what it is counted by.
_STATE_AND_PROVIDER = itemgetter(Outcome._fields.index("state"), Outcome._fields.index("provider"))
# A message that waits for another try is pending, and one whose answer did not come is unknown.
_NAMED = {"pending": "retried"}


class CallTimes:
    """The calls of one event loop since they were last counted."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str], list[float]] = {}

    def note(self, provider: str, outcome: str, seconds: float) -> None:
        """Notes one call; it costs a fraction of a microsecond."""
        try:
            self._seconds[provider, outcome].append(seconds)
        except KeyError:
            self._seconds[provider, outcome] = [seconds]

    def count(self) -> None:
        """Counts what was noted."""
        noted, self._seconds = self._seconds, {}
        for (provider, outcome), seconds in noted.items():
            CALL_SECONDS.labels(kind_of(provider), outcome).observe_all(seconds)


#: Those of this process: its calls are made on one event loop.
call_times = CallTimes()


def outcomes_by_kind(outcomes: Sequence[Outcome], provider: str) -> Counter[str]:
    """Counts outcomes as the tally of messages wants them; `provider` answered where an outcome names no other."""
    counted: Counter[str] = Counter()
    for (state, named), times in Counter(map(_STATE_AND_PROVIDER, outcomes)).items():
        counted[f"{kind_of(named or provider)}:{_NAMED.get(state, state)}"] += times
    return counted
