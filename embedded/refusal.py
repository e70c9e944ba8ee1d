"""The error of a command that cannot be carried out on this machine now."""


class Refused(Exception):
    """The command cannot be carried out now; the message says why and what to do."""

    def __init__(self, message: str, *, code: str = "REFUSED") -> None:
        self.code = code
        self.message = message
        super().__init__(message)


class PortTaken(Refused):
    """Another program listens where web is to listen."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; choose another with --port.", code="PORT_TAKEN")
