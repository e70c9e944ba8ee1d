"""Who a verb acts for: the person at this terminal."""

import getpass
from uuid import uuid4

from dispatch.caller import Caller
from models.api_key import SCOPES
from models.tenancy import Tenant


def by_hand(account: Tenant) -> Caller:
    """Returns the person at this terminal, with every scope and a new request id."""
    return Caller(
        actor=f"cli:{_user()}",
        account=account,
        scopes=frozenset(SCOPES),
        request_id=f"cli-{uuid4().hex}",
        idempotency_key=None,
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have a number and no name
        return "unknown"
