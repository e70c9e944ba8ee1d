"""The circuits of providers as all workers see them, in Redis: errors are counted together, and one message tries."""

import os
from typing import Any, NamedTuple
from uuid import uuid4

import redis
import structlog

from config.redis import counting
from config.settings import Settings
from dispatch.metrics.tally import OPEN_CIRCUITS

log = structlog.get_logger()

# So many errors within this time open a circuit.
ERRORS, WITHIN_SEC = 50, 60.0
# While it is open, one message is tried after each such pause.
PAUSE_SEC = 10.0
# Another may be tried when nothing was heard of that one for so long: its worker may have died.
TRIAL_SEC = 30.0
# An open circuit of a provider that no one calls is forgotten, and some time before that no longer shown: workers with
# messages for it tell of it at least once a minute.
KEEP_SEC = 3600
SHOW_SEC = 300

# The clock is Redis's own, because hosts' clocks differ. Errors are counted by the second. A time that stands there is
# believed only as far as we would have written it. Returns whether it is open, in how many seconds it is tried, whether
# the caller tries it, and what has changed: nothing, opened or closed.
_TELL = f"""
local errors, said, token, wants = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4] == '1'
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local kept = redis.call('HMGET', KEYS[1], 'try_at', 'trial', 'trial_until')
local try_at, trial, trial_until = tonumber(kept[1] or ''), kept[2] or '', tonumber(kept[3] or '') or 0
local changed, granted = '', 0
if not try_at then
    if errors == 0 then return {{0, '0', 0, ''}} end
    redis.call('HINCRBY', KEYS[1], 'e' .. math.floor(now), errors)
    local sum, counts = 0, redis.call('HGETALL', KEYS[1])
    for i = 1, #counts, 2 do
        local second = tonumber(string.match(counts[i], '^e(%d+)$') or '')
        if second and second > now - {WITHIN_SEC} then sum = sum + tonumber(counts[i + 1])
        else redis.call('HDEL', KEYS[1], counts[i]) end
    end
    redis.call('EXPIRE', KEYS[1], {WITHIN_SEC:.0f})
    if sum < {ERRORS} then return {{0, '0', 0, ''}} end
    redis.call('DEL', KEYS[1])
    try_at, changed = now + {PAUSE_SEC}, 'opened'
elseif said == 'answered' then
    redis.call('DEL', KEYS[1])
    redis.call('HDEL', KEYS[2], KEYS[1])
    return {{0, '0', 0, 'closed'}}
else
    try_at, trial_until = math.min(try_at, now + {PAUSE_SEC}), math.min(trial_until, now + {TRIAL_SEC})
    if errors > 0 then try_at = now + {PAUSE_SEC} end
    if trial == token and (errors > 0 or said == 'let_go') then trial = '' end
    if wants and now >= try_at and (trial == '' or now >= trial_until) then
        granted, trial, trial_until = 1, token, now + {TRIAL_SEC}
    end
end
redis.call('HSET', KEYS[1], 'try_at', string.format('%.6f', try_at), 'trial', trial,
           'trial_until', string.format('%.6f', trial_until))
redis.call('EXPIRE', KEYS[1], {KEEP_SEC})
redis.call('HSET', KEYS[2], KEYS[1], math.floor(now) + {SHOW_SEC})
local left = math.max(0, try_at - now)
if trial ~= '' and trial ~= token then left = math.max(left, 1) end
return {{1, string.format('%.6f', left), granted, changed}}
"""


class News(NamedTuple):
    """What one worker tells the others of a provider, and whether it would try it with a message."""

    errors: int = 0
    #: "answered" by a provider that was left alone, "let_go" of the message that was to try it, or "".
    said: str = ""
    wants_trial: bool = False


class Agreed(NamedTuple):
    """How a circuit stands for all workers."""

    is_open: bool
    left_sec: float
    #: Whether the one who asked tries it with one message.
    tries: bool
    #: opened or closed by what was told just now, or "".
    changed: str


class SharedCircuits:
    """The circuits of all providers. Waits for Redis for a second at most, and not while it is known to hang."""

    def __init__(self, settings: Settings) -> None:
        self._script: Any = counting(settings).register_script(_TELL) if settings.redis_url else None
        self._token = f"{os.getpid()}-{uuid4().hex[:12]}"
        self._away = False

    def tell(self, name: str, news: News) -> Agreed | None:
        """Tells and asks in one command; None while Redis is away, and each worker then judges by itself."""
        if self._script is None:
            return None
        given = [news.errors, news.said, self._token, int(news.wants_trial)]
        try:
            is_open, left, tries, changed = self._script(keys=[f"circuit:{name}", OPEN_CIRCUITS], args=given)
        except redis.RedisError as problem:
            if not self._away:
                log.warning("circuits.not_shared", problem=type(problem).__name__)
            self._away = True
            return None
        self._away = False
        return Agreed(bool(is_open), float(left), bool(tries), changed.decode())
