"""The kinds of faults that the random mode draws from."""

from tests.faults.kinds import audience, people, postgres, processes, redis, requests
from tests.faults.kinds.registry import KINDS, last

__all__ = ["KINDS", "audience", "last", "people", "postgres", "processes", "redis", "requests"]
