"""What the scheduling engine refuses; the service layer above answers each with an error of its own."""


class SchedulingError(Exception):
    """The schedule cannot be used."""


class InvalidSchedule(SchedulingError):
    """A field of a schedule cannot be used."""

    def __init__(self, message: str, *, field: str) -> None:
        self.field = field
        super().__init__(message)


class NoSuchSchedule(SchedulingError):
    """There is no such schedule."""

    def __init__(self) -> None:
        super().__init__("There is no such schedule.")


class WrongState(SchedulingError):
    """The schedule is in a state that does not allow this."""
