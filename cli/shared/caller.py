"""Who a verb says it is, to the audit trail and the logs."""

import getpass
from typing import TypedDict
from uuid import uuid4


class Caller(TypedDict):
    """What every service of dispatch wants to know of whoever asks for a change."""

    actor: str
    request_id: str


def by_hand() -> Caller:
    """The person at this terminal, and a name for this one call."""
    return {"actor": f"cli:{_user()}", "request_id": f"cli-{uuid4().hex}"}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have a number and no name
        return "unknown"
