"""What verbs do with something of an account's that is called by its name."""

from collections.abc import Callable
from dataclasses import dataclass

from cli.shared.caller import by_hand
from cli.shared.tenant import id_of
from dispatch.caller import Caller


@dataclass(frozen=True, slots=True)
class Deleted:
    """What was deleted."""

    id: int
    deleted: bool = True


def delete_named(
    name: str, account: str, *, find: Callable[[Caller, str], int], delete: Callable[[Caller, int], None]
) -> Deleted:
    """Deletes what the account has under this name."""
    caller = by_hand(id_of(account))
    found = find(caller, name)
    delete(caller, found)
    return Deleted(found)
