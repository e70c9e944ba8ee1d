"""Wrong API keys, counted by address: after a few the address has to wait, after many for up to an hour.

A key cannot be guessed; this bounds what a stranger's tries cost. An address that has to wait is told so without a
query, but keys that worked in the last hour still work from there, because a proxy or an office shares its address.
Without Redis nothing is counted, for the same reason: refusing everyone would hurt only those who have a key.
"""

import hashlib
from time import time

import redis
import structlog

from api.http.errors import TooManyWrongKeys
from config.redis import counting
from config.settings import Settings

log = structlog.get_logger()

# Length of the windows in seconds; how many wrong keys each allows is a setting.
_MINUTE, _HOUR = 60, 3600
# Addresses that this process remembers as waiting; with more, the first are asked of Redis again.
MOST_WAITING = 10_000


class WrongKeys:
    """What one web process knows of wrong keys; the counts are in Redis and shared by all."""

    def __init__(self, settings: Settings) -> None:
        self._redis = counting(settings)
        self._allowed = {_MINUTE: settings.wrong_keys_per_minute, _HOUR: settings.wrong_keys_per_hour}
        # By address: until when it has to wait, in seconds since the epoch.
        self._waiting: dict[str, float] = {}

    def check(self, address: str, key: str) -> None:
        """Raises TooManyWrongKeys when the address has to wait, unless the key worked within the last hour."""
        until = self._waiting.get(address)
        if until is None:
            return
        if until <= time():
            self._waiting.pop(address, None)
        elif not self._worked(key):
            raise _refusal(until)

    def count(self, address: str) -> None:
        """Counts a wrong key; raises TooManyWrongKeys when it is one too many."""
        try:
            counted = self._counted(address)
        except redis.RedisError as problem:
            log.warning("keys.not_counted", problem=type(problem).__name__)
            return
        waits = [left for window, (tries, left) in counted.items() if tries > self._allowed[window]]
        if waits:
            until = time() + max(waits)
            self._make_wait(address, until)
            raise _refusal(until)

    def remember(self, key: str) -> None:
        """Keeps for an hour that the key worked."""
        try:
            self._redis.set(_name_of(key), 1, ex=_HOUR)
        except redis.RedisError as problem:
            log.warning("keys.not_counted", problem=type(problem).__name__)

    def _counted(self, address: str) -> dict[int, tuple[int, int]]:
        """Counts in both windows and returns, for each, the wrong keys in it and the seconds it has left."""
        with self._redis.pipeline(transaction=True) as pipe:
            for window in self._allowed:
                name = f"wrong-keys:{window}:{address}"
                pipe.incr(name)
                # Only the first sets the end, also when something else wrote the key without one.
                pipe.expire(name, window, nx=True)
                pipe.ttl(name)
            answers = pipe.execute()
        return {
            window: (answers[at], max(1, answers[at + 2])) for at, window in zip((0, 3), self._allowed, strict=True)
        }

    def _make_wait(self, address: str, until: float) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.pop(next(iter(self._waiting), ""), None)
        if self._waiting.get(address, 0) <= time():
            log.warning("keys.refused", address=address, seconds=int(until - time()) + 1)
        self._waiting[address] = until

    def _worked(self, key: str) -> bool:
        try:
            return bool(self._redis.exists(_name_of(key)))
        except redis.RedisError:
            return True


def _name_of(key: str) -> str:
    """Returns the Redis key that stands for an API key; it is of no use to whoever reads it there."""
    return f"key-worked:{hashlib.sha256(b'worked:' + key.encode()).hexdigest()}"


def _refusal(until: float) -> TooManyWrongKeys:
    seconds = max(1, int(until - time()) + 1)
    return TooManyWrongKeys(
        f"This address sent too many wrong API keys; try again in {seconds} s with a valid one.",
        retry_after_sec=seconds,
    )
