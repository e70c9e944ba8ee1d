"""What PostgreSQL and Redis know of the whole deployment, read at a scrape and given up when it takes too long."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis

from config.redis import counting
from config.settings import settings
from dispatch import queues
from dispatch.metrics import tally
from models.database import db
from models.failures import DATABASE_ERRORS, is_of_one_statement
from models.metrics import deployment as measures
from models.statement_limit import TookTooLong, limited_to

#: Of each statement; all of them together take less than a scrape waits.
STATEMENT_MILLISECONDS = 250
# So many keys are looked through for senders' buckets, in steps of this size, and so many buckets are read.
KEYS_PER_STEP, MOST_STEPS, MOST_BUCKETS = 1000, 10, 500

_PARTS: dict[str, Callable[[], Any]] = {
    "messages": measures.open_messages,
    "leases": measures.overdue_leases,
    "campaigns": measures.open_campaigns,
    "due": measures.due,
    "receipts": measures.waiting_receipts,
    "credits": measures.credits_held,
    "processes": measures.living,
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """The senders with a rate whose provider is of one kind: how many, and what the emptiest of them has left."""

    senders: int
    #: Segments that could be taken when it was last asked.
    tokens: float
    #: The part of its rate that it has; less than 1 after its provider was called too often.
    share: float


@dataclass(frozen=True, slots=True)
class RedisKnows:
    """What stands in Redis."""

    jobs: dict[str, int]
    counted: dict[str, dict[tuple[str, ...], int]]
    #: Seconds since a sweep last ended; None if Redis knows of none.
    swept_sec_ago: float | None
    buckets: dict[str, Bucket]
    #: How many providers of each kind are left alone.
    circuits: dict[str, int]


def ask_database() -> dict[str, Any] | None:
    """Returns each part that could be read within its limit, by name; None when the database does not answer."""
    found: dict[str, Any] = {}
    try:
        with db.connection_context():
            for part, read in _PARTS.items():
                try:
                    with limited_to(STATEMENT_MILLISECONDS):
                        found[part] = read()
                except TookTooLong:
                    continue
                except DATABASE_ERRORS as problem:
                    if not is_of_one_statement(problem):
                        raise
    except DATABASE_ERRORS:
        return None
    return found


def ask_redis() -> RedisKnows | None:
    """Returns what Redis knows; None when it does not answer."""
    try:
        with counting(settings()) as client:
            return RedisKnows(
                {name: _length(client, queues.queue(name).key) for name in sorted(set(queues.JOBS.values()))},
                tally.read(client),
                _swept_sec_ago(client),
                _buckets(client),
                dict(Counter(map(tally.kind_of, open_circuits(client)))),
            )
    except redis.RedisError:
        return None


def parts() -> tuple[str, ...]:
    """Returns what is read of the database, by name."""
    return tuple(_PARTS)


def _length(client: redis.Redis, key: str) -> int:
    return int(client.llen(key)) if client.type(key) == b"list" else 0


def _swept_sec_ago(client: redis.Redis) -> float | None:
    stored: Any = client.get(tally.SWEPT_AT)
    now: Any = client.time()
    try:
        return max(0.0, now[0] + now[1] / 1_000_000 - float(stored)) if stored else None
    except ValueError:
        return None


def _buckets(client: redis.Redis) -> dict[str, Bucket]:
    """Returns senders' buckets by the kind of their provider; Redis is looked through only so far."""
    found: dict[str, Bucket] = {}
    for key in _bucket_keys(client):
        values: Any = client.hmget(key, ["level", "share"])
        try:
            tokens, share = (max(0.0, float(value)) for value in values)
        except (TypeError, ValueError):
            continue
        kind = tally.kind_of(key.decode(errors="replace").removeprefix("rate:"))
        known = found.get(kind, Bucket(0, tokens, share))
        found[kind] = Bucket(known.senders + 1, min(known.tokens, tokens), min(known.share, share))
    return found


def open_circuits(client: redis.Redis) -> frozenset[str]:
    """Returns which providers all workers leave alone, as messages name them (`twilio:7`)."""
    if client.type(tally.OPEN_CIRCUITS) != b"hash":
        return frozenset()
    now: Any = client.time()
    kept: Any = client.hgetall(tally.OPEN_CIRCUITS)
    return frozenset(
        name.decode(errors="replace").removeprefix("circuit:")
        for name, until in kept.items()
        if until.isdigit() and now[0] < int(until)
    )


def _bucket_keys(client: redis.Redis) -> list[bytes]:
    keys: list[bytes] = []
    cursor = 0
    for _ in range(MOST_STEPS):
        found: Any = client.scan(cursor, match="rate:*", count=KEYS_PER_STEP, _type="hash")
        cursor = found[0]
        keys += [key for key in found[1] if not key.endswith(b":day")]
        if cursor == 0 or len(keys) >= MOST_BUCKETS:
            break
    return keys[:MOST_BUCKETS]
