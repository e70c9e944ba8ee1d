"""How Redis is: whether jobs can be pushed, whether it would lose them, and how long they wait."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import redis
from rq.utils import utcparse

from config.redis import why_unusable
from dispatch import queues
from dispatch.metrics.servers import open_circuits
from dispatch.sending.kept_answers import answers_set_aside
from dispatch.signing import SignedJob


@dataclass(frozen=True, slots=True)
class QueueState:
    """How many jobs wait in a queue, and since when the first of them does."""

    jobs: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class RedisState:
    """What Redis says of itself; everything but `problem` is unknown while it has one."""

    #: A sentence about why it cannot be used, or None.
    problem: str | None
    queues: dict[str, QueueState] = field(default_factory=dict)
    is_replica: bool = False
    #: The policy by which it deletes keys when its memory is short; None if it never does.
    evicts: str | None = None
    #: How much of its memory is used, 0 to 1; None if it has no limit.
    used: float | None = None
    #: Whether it keeps its data on disk; None if it does not say.
    persistent: bool | None = None
    #: The providers that all workers leave alone, as messages name them.
    open_circuits: frozenset[str] = frozenset()
    #: How many entries of kept answers could not be recorded.
    set_aside: int = 0


def providers_left_alone() -> frozenset[str] | None:
    """Returns which providers all workers leave alone, as messages name them; None while Redis does not answer."""
    try:
        return open_circuits(queues.connection())
    except redis.RedisError:
        return None


def redis_state() -> RedisState:
    """Asks Redis; one that does not answer costs a few seconds."""
    client = queues.connection()
    try:
        info: dict[str, Any] = client.info()
        waiting = {name: _queue_state(client, name) for name in sorted(set(queues.JOBS.values()))}
        circuits = open_circuits(client)
        set_aside = answers_set_aside()
    except redis.RedisError as problem:
        return RedisState(why_unusable(problem) or "Redis does not answer.")
    limit, policy = int(info.get("maxmemory") or 0), str(info.get("maxmemory_policy") or "noeviction")
    return RedisState(
        None,
        waiting,
        is_replica=info.get("role") not in (None, "master"),
        evicts=policy if limit and policy != "noeviction" else None,
        used=int(info.get("used_memory") or 0) / limit if limit else None,
        persistent=_is_persistent(client, info),
        open_circuits=circuits,
        set_aside=set_aside,
    )


def _queue_state(client: redis.Redis, name: str) -> QueueState:
    key = queues.queue(name).key
    if client.type(key) not in (b"list", b"none"):
        return QueueState(0, None)
    first: Any = client.lindex(key, 0)
    return QueueState(int(client.llen(key)), _pushed_at(client, first) if first is not None else None)


def _pushed_at(client: redis.Redis, job_id: bytes) -> datetime | None:
    """Returns when this job was pushed; what stands there may be anyone's."""
    with suppress(ValueError, redis.ResponseError):
        pushed_at: Any = client.hget(SignedJob.key_for(job_id.decode()), "enqueued_at")
        return utcparse(pushed_at.decode()) if pushed_at else None
    return None


def _is_persistent(client: redis.Redis, info: dict[str, Any]) -> bool | None:
    if info.get("aof_enabled"):
        return True
    # Hosted servers refuse CONFIG, and without it no one can tell whether snapshots are taken.
    with suppress(redis.ResponseError):
        saved: Any = client.config_get("save")
        return bool(saved.get("save"))
    return None
