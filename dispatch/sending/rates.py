"""How many segments a second a sender may send: from a bucket in Redis that all workers share, or a part without it.

A bucket fills at the sender's rate and holds half a second of it, so in any second at most one and a half times the
rate is taken. When the provider answers that it is called too often, the rate is halved, at most once a second, and
then grows back by a twentieth of the full rate each second.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
import structlog

from config.redis import counting
from config.settings import Settings
from dispatch.channels.routing import Sender
from dispatch.providers.link import WHATSAPP_RATE

log = structlog.get_logger()

DAY_SEC = 86_400
BURST_SEC = 0.5
HALVED_EVERY_SEC = 1.0
REGROWN_PER_SEC = 0.05
LEAST_SHARE = 1 / 64
# Fewer than what comes in this time is not worth an exchange.
WORTH_SEC = 0.02
# Senders whose part a process remembers while Redis is away.
MAX_REMEMBERED = 10_000

# The clock is Redis's own, because hosts' clocks differ. A bucket that no one remembers begins with one segment, so
# that losing Redis allows no second burst. The share of the rate is what 429 halves. A day's messages are counted by
# the hour: those of this hour and the 24 before are never more than the tier, so no 24 hours have more.
_TAKE = f"""
local rate, burst, want, least, back = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]),
                                       tonumber(ARGV[5])
local daily = tonumber(ARGV[7])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local kept = redis.call('HMGET', KEYS[1], 'level', 'at', 'share', 'halved_at')
local level, at = tonumber(kept[1] or 1), tonumber(kept[2] or now)
local share, halved_at = tonumber(kept[3] or 1), tonumber(kept[4] or 0)
local passed = math.max(0, now - at)
level = math.min(math.max(burst, least), level + passed * rate * share + back)
share = math.min(1, share + passed * {REGROWN_PER_SEC})
if ARGV[6] == '1' and now - halved_at >= {HALVED_EVERY_SEC} then
    share, halved_at, level = math.max({LEAST_SHARE}, share / 2), now, math.min(level, 0)
end
local taken, wait, hour = 0, 0, math.floor(now / 3600)
if daily > 0 then
    local used, counts = 0, redis.call('HGETALL', KEYS[2])
    for i = 1, #counts, 2 do
        if tonumber(counts[i]) < hour - 24 then redis.call('HDEL', KEYS[2], counts[i])
        else used = used + tonumber(counts[i + 1]) end
    end
    local free = daily - used + back
    if want > 0 and free < 1 then wait = (hour + 1) * 3600 - now end
    want, least = math.min(want, math.max(0, free)), math.min(least, math.max(1, free))
end
if want > 0 and level + 0.000001 >= least then
    taken = math.min(want, math.floor(level + 0.000001))
    level = level - taken
elseif want > 0 then
    wait = (least - level) / (rate * share)
end
redis.call('HSET', KEYS[1], 'level', string.format('%.9f', level), 'at', string.format('%.6f', now),
           'share', string.format('%.9f', share), 'halved_at', string.format('%.6f', halved_at))
redis.call('EXPIRE', KEYS[1], math.ceil(math.max(burst, least) / (rate * share) + 1 / {REGROWN_PER_SEC}))
if daily > 0 and taken ~= back then
    redis.call('HINCRBY', KEYS[2], hour, taken - back)
    redis.call('EXPIRE', KEYS[2], 26 * 3600)
end
return {{taken, string.format('%.6f', wait)}}
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """A sender, as its bucket is named, its rate in segments a second and, with a tier, how many in any 24 hours."""

    sender: str
    rate: float
    daily: int | None = None

    @property
    def burst(self) -> float:
        """Returns how many segments the bucket holds: at least one, so that the slowest sender sends."""
        return max(1.0, self.rate * BURST_SEC)

    def shared_by(self, workers: int) -> "Limit":
        """Returns what one of so many workers may send by itself."""
        rate = min(self.rate, self.daily / DAY_SEC) if self.daily else self.rate
        return Limit(self.sender, rate / max(1, workers))


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a bucket: up to `want` segments, or none if there are not `least`.

    `back` were taken before and not used. `halved` says that the provider was called too often.
    """

    want: int
    least: int = 1
    back: int = 0
    halved: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """How many segments may be sent now and, if none, in how many seconds to ask again."""

    segments: int
    wait_sec: float = 0.0


class Rates:
    """The buckets of all senders. Waits for Redis for a second at most, and not at all while it is known to hang."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._script: Any = counting(settings).register_script(_TAKE) if settings.redis_url else None
        self._clock = clock
        self._own: OrderedDict[str, _OwnBucket] = OrderedDict()
        self._away = False

    def take(self, limit: Limit, ask: Ask, *, workers: int) -> Grant:
        """Returns what may be sent. While Redis is away, this process has one of `workers` equal parts of the rate."""
        given = [limit.rate, limit.burst, ask.want, ask.least, ask.back, int(ask.halved), limit.daily or 0]
        bucket = f"rate:{limit.sender}"
        try:
            if self._script:
                taken, wait = self._script(keys=[bucket, f"{bucket}:day"], args=given)
                self._note(away=False)
                return Grant(int(taken), float(wait))
        except redis.RedisError as problem:
            self._note(away=True, problem=type(problem).__name__)
        return self._own_bucket(limit).take(limit.shared_by(workers), ask, self._clock())

    def _own_bucket(self, limit: Limit) -> "_OwnBucket":
        if limit.sender not in self._own:
            self._own[limit.sender] = _OwnBucket(self._clock())
            if len(self._own) > MAX_REMEMBERED:
                self._own.popitem(last=False)
        return self._own[limit.sender]

    def _note(self, *, away: bool, problem: str | None = None) -> None:
        if away and not self._away:
            log.warning("rates.shared_out", problem=problem)
        if self._away and not away:
            self._own.clear()
        self._away = away


class _OwnBucket:
    """The same as the script, for one process; it begins empty, because others may just have taken everything."""

    def __init__(self, now: float) -> None:
        self._level, self._at, self._share, self._halved_at = 0.0, now, 1.0, -math.inf

    def take(self, limit: Limit, ask: Ask, now: float) -> Grant:
        """Returns what may be sent now."""
        passed, self._at = max(0.0, now - self._at), now
        self._level = min(max(limit.burst, ask.least), self._level + passed * limit.rate * self._share + ask.back)
        self._share = min(1.0, self._share + passed * REGROWN_PER_SEC)
        if ask.halved and now - self._halved_at >= HALVED_EVERY_SEC:
            self._share, self._halved_at = max(LEAST_SHARE, self._share / 2), now
            self._level = min(self._level, 0.0)
        if ask.want <= 0:
            return Grant(0)
        if self._level + 1e-6 < ask.least:
            return Grant(0, (ask.least - self._level) / (limit.rate * self._share))
        taken = min(ask.want, math.floor(self._level + 1e-6))
        self._level -= taken
        return Grant(taken)


def limit_of(sender: Sender, settings: Settings) -> Limit | None:
    """Returns the limit of a sender: its provider's rate, or else SENDER_RATE, and its tier; None when none is set."""
    rate = sender.rate or settings.sender_rate or (WHATSAPP_RATE if sender.daily else None)
    return Limit(f"{sender.provider}:{sender.name or ''}", rate, sender.daily) if rate else None
