"""Each kind of fault begins, lasts and ends, and may leave promises that are looked at when the campaigns are over."""

from collections.abc import Callable
from random import Random
from threading import Event
from typing import TypeAlias

from embedded.servers import EmbeddedServers
from tests.faults.deployment import Deployment

Fault: TypeAlias = Callable[[Deployment, EmbeddedServers, Random], None]

KINDS: dict[str, Fault] = {}


def kind(fault: Fault) -> Fault:
    """Adds a fault to the kinds."""
    KINDS[fault.__name__] = fault
    return fault


def last(seconds: float) -> None:
    """Lets a fault last: its length is what is tried, and nothing is waited for."""
    Event().wait(seconds)
