"""How soon a process that ended is started again: at once, then ever more slowly while it keeps ending."""

from time import monotonic

FIRST, LONGEST = 0.5, 10.0
# Who lived this long has recovered; its next end is a new story.
STEADY = 30.0


class Revival:
    """The patience with one process."""

    def __init__(self) -> None:
        self._delay = 0.0
        self._started_at = monotonic()
        self._due_at: float | None = None

    def started(self) -> None:
        """Notes that the process was started."""
        self._started_at = monotonic()
        self._due_at = None

    def ended(self) -> bool:
        """Notes that the process is not running; True the first time it is noticed."""
        if self._due_at is not None:
            return False
        if monotonic() - self._started_at > STEADY:
            self._delay = 0.0
            self._due_at = monotonic()
        else:
            self.failed()
        return True

    def failed(self) -> None:
        """Notes that starting it did not help; the next start comes later."""
        self._delay = min(max(2 * self._delay, FIRST), LONGEST)
        self._due_at = monotonic() + self._delay

    @property
    def due(self) -> bool:
        """Whether it is time to start the process again."""
        return self._due_at is not None and monotonic() >= self._due_at
