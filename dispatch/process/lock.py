"""Locks in Redis: they save work, while rows decide what may happen."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import redis
import structlog
from redis.exceptions import LockNotOwnedError
from redis.lock import Lock as RedisLock

log = structlog.get_logger()


# Sets the lock if it is free, or if what stands there is no lock of ours: those end, and in no more than their time.
_ACQUIRE = """
local left = redis.call('pttl', KEYS[1])
if left == -2 then
    redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
    return 1
elseif left == -1 or left > tonumber(ARGV[2]) then
    redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
    return 2
end
return 0
"""


class Lock(RedisLock):
    """redis-py's lock, which expires by itself and which only its owner deletes; acquiring never waits.

    Redis may have gained a key as well as lost one: a lock without an end, or with one further away than ours ever are,
    is taken over.
    """

    def __init__(self, connection: redis.Redis, key: str, *, seconds: float) -> None:
        super().__init__(connection, key, timeout=seconds, blocking=False, thread_local=False)
        self._seconds = seconds

    def do_acquire(self, token: str) -> bool:
        """Returns whether the lock is ours now; raises a RedisError when Redis does not say."""
        try:
            taken = self.redis.eval(_ACQUIRE, 1, self.name, token, int(self._seconds * 1000))
            if taken == 2:
                log.warning("lock.taken_over", key=self.name)
            return bool(taken)
        except redis.RedisError:
            # The key may be set although the answer was lost, which would lock everyone out until it expires.
            with suppress(redis.RedisError):
                self.do_release(token)
            raise

    def release(self) -> None:
        """Releases the lock if it is still ours; without Redis it expires by itself."""
        if self.local.token is None:
            return
        try:
            super().release()
        except LockNotOwnedError:  # it has expired
            pass
        except redis.RedisError as problem:
            log.warning("lock.not_released", key=self.name, problem=type(problem).__name__)


def campaign_lock(connection: redis.Redis, campaign_id: int, *, seconds: float) -> Lock:
    """Returns the lock that a sweep holds while it starts the campaign."""
    return Lock(connection, _campaign_key(campaign_id), seconds=seconds)


def locked_campaigns(connection: redis.Redis, campaign_ids: Sequence[int]) -> set[int]:
    """Returns which of these campaigns are locked right now."""
    values: list[Any] = connection.mget([_campaign_key(campaign_id) for campaign_id in campaign_ids])
    return {campaign_id for campaign_id, value in zip(campaign_ids, values, strict=True) if value is not None}


def _campaign_key(campaign_id: int) -> str:
    return f"campaign:enqueue:{campaign_id}"
