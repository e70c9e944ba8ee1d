"""Locks in Redis: they save work, while rows decide what may happen.

A lock stands for a short lease, which is renewed while its holder works: soon after the holder was killed it is free.
"""

import os
import re
import secrets
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import redis
import structlog

log = structlog.get_logger()

# Short, because after a kill everyone waits so long; long enough for renewals that are late on a busy machine.
LEASE_SEC = 10.0
RENEW_EVERY_SEC = 3.0

# Sets the lock if it is free, or if what stands there is no lock of ours: those end within a lease. Otherwise returns
# what its holder wrote.
_ACQUIRE = """
local left = redis.call('pttl', KEYS[1])
if left == -2 then
    redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
    return 1
elseif left == -1 or left > tonumber(ARGV[3]) then
    redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
    return 2
elseif redis.call('type', KEYS[1])['ok'] == 'string' then
    return redis.call('getrange', KEYS[1], 0, 999)
end
return ''
"""
_RENEW = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('pexpire', KEYS[1], ARGV[2])"
_RELEASE = "return redis.call('get', KEYS[1]) == ARGV[1] and redis.call('del', KEYS[1])"

# Host, process, time and what makes it unique.
_TOKEN = re.compile(r"([A-Za-z0-9._-]{1,255}) (\d{1,10}) (\S{19,32}) [0-9a-f]{16}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock and since when, by the clock of its host; both None when what stands there does not say."""

    name: str | None = None
    since: datetime | None = None

    @classmethod
    def read(cls, token: bytes) -> "Holder":
        """Returns the holder that wrote this; anyone may have written anything into Redis."""
        found = _TOKEN.fullmatch(token.decode(errors="replace"))
        try:
            since = datetime.fromisoformat(found[3]) if found else None
        except ValueError:
            since = None
        return cls(f"process {found[2]} on {found[1]}", since) if found and since and since.tzinfo else cls()


class Lock:
    """A lock that only its holder deletes, and that stands for `seconds` at most; acquiring never waits.

    Redis may have gained a key as well as lost one: a lock without an end, or with one further away than ours ever are,
    is taken over.
    """

    def __init__(self, connection: redis.Redis, key: str, *, seconds: float) -> None:
        self.key = key
        #: Who has it, once it could not be acquired.
        self.holder = Holder()
        self._redis = connection
        self._seconds = seconds
        self._until = 0.0
        self._token: str | None = None

    def acquire(self) -> bool:
        """Returns whether the lock is ours now, and then renews it; raises a RedisError when Redis does not say."""
        token = _new_token()
        lease = min(self._seconds, LEASE_SEC)
        self._until = monotonic() + self._seconds
        try:
            answer = self._redis.eval(_ACQUIRE, 1, self.key, token, _milliseconds(lease), _milliseconds(LEASE_SEC))
        except redis.RedisError:
            # The key may be set although the answer was lost, which would lock everyone out until it expires.
            with suppress(redis.RedisError):
                self._redis.eval(_RELEASE, 1, self.key, token)
            raise
        if isinstance(answer, bytes):
            self.holder = Holder.read(answer)
            return False
        if answer == 2:
            log.warning("lock.taken_over", key=self.key)
        self._token = token
        if self._seconds > lease:
            _renewals.begin(self)
        return True

    def renew(self) -> bool:
        """Begins another lease, no longer than the lock may stand; returns whether to go on renewing it."""
        left = self._until - monotonic()
        if self._token is None or left <= 0:
            return False
        try:
            ours = self._redis.eval(_RENEW, 1, self.key, self._token, _milliseconds(min(left, LEASE_SEC)))
        except (redis.RedisError, OSError, ValueError, AttributeError):  # the last two when its client is being closed
            return True  # it may pass before the lease ends
        return bool(ours)

    def release(self) -> None:
        """Releases the lock if it is still ours; without Redis it expires by itself."""
        _renewals.end(self)
        token, self._token = self._token, None
        if token is None:
            return
        try:
            self._redis.eval(_RELEASE, 1, self.key, token)
        except redis.RedisError as problem:
            log.warning("lock.not_released", key=self.key, problem=type(problem).__name__)


def campaign_lock(connection: redis.Redis, campaign_id: int, *, seconds: float) -> Lock:
    """Returns the lock that a sweep holds while it starts the campaign."""
    return Lock(connection, _campaign_key(campaign_id), seconds=seconds)


def locked_campaigns(connection: redis.Redis, campaign_ids: Sequence[int]) -> dict[int, Holder]:
    """Returns who holds the locks of these campaigns right now; none for those that are not locked."""
    values: list[Any] = connection.mget([_campaign_key(campaign_id) for campaign_id in campaign_ids])
    found = zip(campaign_ids, values, strict=True)
    return {campaign_id: Holder.read(value) for campaign_id, value in found if value is not None}


class Renewals:
    """Renews the locks that this process holds, in one thread, which ends when it holds none."""

    def __init__(self) -> None:
        self.held: set[Lock] = set()
        self._mutex = threading.Lock()
        self.thread: threading.Thread | None = None

    def begin(self, lock: Lock) -> None:
        """Renews the lock from now on."""
        with self._mutex:
            self.held.add(lock)
            # A process that was forked has the thread's name, but not the thread.
            if self.thread is None or not self.thread.is_alive():
                self.thread = threading.Thread(target=self._run, name="locks", daemon=True)
                self.thread.start()

    def end(self, lock: Lock) -> None:
        """Renews the lock no longer."""
        with self._mutex:
            self.held.discard(lock)

    def _run(self) -> None:
        while held := self._next():
            for lock in held:
                if not lock.renew():
                    self._give_up(lock)

    def _next(self) -> list[Lock]:
        threading.Event().wait(RENEW_EVERY_SEC)
        with self._mutex:
            if not self.held:
                self.thread = None
            return list(self.held)

    def _give_up(self, lock: Lock) -> None:
        with self._mutex:
            lost = lock in self.held  # and not released in the meantime
            self.held.discard(lock)
        if lost:
            log.warning("lock.lost", key=lock.key)


_renewals = Renewals()


def _campaign_key(campaign_id: int) -> str:
    return f"campaign:enqueue:{campaign_id}"


def _new_token() -> str:
    since = datetime.now(UTC).isoformat(timespec="milliseconds")
    return f"{socket.gethostname()} {os.getpid()} {since} {secrets.token_hex(8)}"


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
