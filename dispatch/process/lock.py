"""Locks in Redis: they save work, while rows decide what may happen."""

from contextlib import suppress

import redis
import structlog
from redis.exceptions import LockNotOwnedError
from redis.lock import Lock as RedisLock

log = structlog.get_logger()


class Lock(RedisLock):
    """redis-py's lock, which expires by itself and which only its owner deletes; acquiring never waits."""

    def __init__(self, connection: redis.Redis, key: str, *, seconds: float) -> None:
        super().__init__(connection, key, timeout=seconds, blocking=False, thread_local=False)

    def do_acquire(self, token: str) -> bool:
        """Returns whether the lock is ours now; raises a RedisError when Redis does not say."""
        try:
            return super().do_acquire(token)
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
    return Lock(connection, f"campaign:enqueue:{campaign_id}", seconds=seconds)
