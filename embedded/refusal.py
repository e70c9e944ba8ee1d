"""What cannot be done on this machine right now."""


class Refused(Exception):
    """The command cannot be done here and now; the message says why and what to do."""

    def __init__(self, message: str, *, code: str = "REFUSED") -> None:
        self.code = code
        self.message = message
        super().__init__(message)
