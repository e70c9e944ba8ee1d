"""The kinds of faults that the random mode draws from."""

from tests.faults.kinds import postgres, processes, redis
from tests.faults.kinds.registry import KINDS, last

__all__ = ["KINDS", "last", "postgres", "processes", "redis"]
