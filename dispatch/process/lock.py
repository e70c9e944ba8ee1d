"""A lock in Redis. It saves work; whatever is locked here is decided by a row."""

import secrets

import redis
import structlog

log = structlog.get_logger()

_DELETE_IF_MINE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


class Lock:
    """A key that ends by itself and that only its owner deletes."""

    def __init__(self, connection: redis.Redis, key: str, *, seconds: float) -> None:
        self._connection = connection
        self._key = key
        self._milliseconds = int(seconds * 1000)
        self._token = secrets.token_hex(16)

    def acquire(self) -> bool:
        """Whether the lock is ours now; a RedisError when nobody can say."""
        try:
            return bool(self._connection.set(self._key, self._token, nx=True, px=self._milliseconds))
        except redis.RedisError:
            # The answer may be lost and the key be set: it would lock us out until it ends.
            self.release()
            raise

    def release(self) -> None:
        """Lets go of the lock if it is still ours; without Redis it ends by itself."""
        try:
            self._connection.eval(_DELETE_IF_MINE, 1, self._key, self._token)
        except redis.RedisError as problem:
            log.warning("lock.not_released", key=self._key, problem=type(problem).__name__)


def campaign_lock(connection: redis.Redis, campaign_id: int, *, seconds: float) -> Lock:
    """The lock of one campaign's start by the sweep."""
    return Lock(connection, f"campaign:enqueue:{campaign_id}", seconds=seconds)
