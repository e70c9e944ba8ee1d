"""The queues and jobs: the one place that names them.

Jobs are named by dotted string, so that `dispatch` imports nothing above it. A job carries ids only; one that is lost,
doubled or late costs time and changes nothing.
"""

import re
import secrets
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from uuid import UUID

import redis
import structlog
from rq import Queue
from rq.serializers import JSONSerializer

from config.redis import enqueueing, problem_with
from config.settings import settings
from dispatch.arrivals import announce
from dispatch.errors import QueueUnavailable
from dispatch.signing import SignedJob
from models.messages.pushing import Pushed

log = structlog.get_logger()

HOUSE = "house"
PREPARE = "prepare"
SEND = "send"

SWEEP_JOB = "sweeper.sweep.sweep"
PREPARE_JOB = "jobs.prepare.prepare_campaign"
IMPORT_JOB = "jobs.imports.run_import"
PROCESS_JOB = "jobs.process.process_campaign"
SEND_JOB = "jobs.send.send_batch"

# Which queue runs which job, and for how long at most. House tests compare every path and queue with the code.
JOBS = {SWEEP_JOB: HOUSE, PREPARE_JOB: PREPARE, PROCESS_JOB: PREPARE, IMPORT_JOB: PREPARE, SEND_JOB: SEND}
JOB_TIMEOUT_SEC = 120
# A preparation or an import works this long before it makes way for another account's: a small one takes one turn.
FAIR_SHARE_SEC = 0.5
# What others put into a queue may be longer.
MOST_OF_ID = 200
# While a job is reserved by one worker, for this long at most, the others do not end theirs for it.
RESERVED_MS = 250
# The name under which this process reserves.
RESERVES_AS = secrets.token_bytes(8)
_BATCH = re.compile(rb"b-(\d{1,19})-")


@lru_cache(maxsize=1)
def connection() -> redis.Redis:
    """Returns this process's connection for enqueueing."""
    return enqueueing(settings())


def queue(name: str) -> Queue:
    """Returns one of our queues; its jobs are signed, and JSON, so that nothing read from Redis is ever unpickled."""
    return queue_at(connection(), name)


def queue_at(client: redis.Redis, name: str) -> Queue:
    """Returns one of our queues in the Redis of this client."""
    return Queue(
        name, connection=client, job_class=SignedJob, serializer=JSONSerializer, default_timeout=JOB_TIMEOUT_SEC
    )


def ready() -> bool:
    """Returns whether jobs can be pushed right now."""
    return problem() is None


def problem() -> str | None:
    """Returns a sentence about why no job can be pushed right now, or None if one can."""
    return problem_with(connection())


def refusal() -> QueueUnavailable | None:
    """Returns the refusal of what needs the queue, or None while jobs can be pushed."""
    found = problem()
    return QueueUnavailable(f"{found} Nothing was changed.") if found else None


def push_batches(batches: Iterable[Pushed]) -> list[Pushed]:
    """Pushes a send job for each batch and returns those that could not be pushed; each failure is logged."""
    waiting, announced = list(batches), set[int]()
    while waiting:
        campaign_id, number, account_id = waiting[0]
        try:
            _push(SEND_JOB, (campaign_id, number), f"b-{campaign_id}-{number}", account_id)
            if campaign_id not in announced:
                announce(connection(), campaign_id)
                announced.add(campaign_id)
        except redis.RedisError as problem:
            # The others would take as long to fail: a Redis that hangs costs seconds each time.
            for campaign_id, number, _ in waiting:
                log.warning("batch.push_failed", campaign_id=campaign_id, batch=number, problem=type(problem).__name__)
            break
        del waiting[0]
    return waiting


def push_preparation(campaign_id: int, token: UUID, account_id: UUID) -> bool:
    """Pushes the job that continues preparing a campaign; False when Redis is away (recovery will push it again)."""
    try:
        _push(PREPARE_JOB, (campaign_id, str(token)), f"p-{campaign_id}-{token}", account_id)
    except redis.RedisError as problem:
        log.warning("preparation.push_failed", campaign_id=campaign_id, problem=type(problem).__name__)
        return False
    return True


def push_process(campaign_id: int, account_id: UUID) -> bool:
    """Pushes the job that starts a due campaign; False when Redis is away (the campaign stays due)."""
    try:
        _push(PROCESS_JOB, (campaign_id,), f"c-{campaign_id}", account_id)
    except redis.RedisError as problem:
        log.warning("process.push_failed", campaign_id=campaign_id, problem=type(problem).__name__)
        return False
    return True


def push_import(import_id: int, token: UUID, account_id: UUID) -> bool:
    """Pushes the job that continues an import; False when Redis is away (recovery will push it again)."""
    try:
        _push(IMPORT_JOB, (import_id, str(token)), f"i-{import_id}", account_id)
    except redis.RedisError as problem:
        log.warning("import.push_failed", import_id=import_id, problem=type(problem).__name__)
        return False
    return True


def _push(job: str, arguments: tuple[int | str, ...], name: str, account_id: UUID) -> None:
    job_id = f"{name}-{account_id.hex}-{_suffix()}"
    queue(JOBS[job]).enqueue_call(
        job, args=arguments, job_id=job_id, description=job_id, result_ttl=0, failure_ttl=3600
    )


def _suffix() -> str:
    # Every push has an id of its own: when a job ends, RQ deletes everything under its id, even a job that was queued
    # under it in the meantime, as happens when a job leaves the rest of its work to the next one.
    return secrets.token_hex(4)


def queued_processes() -> set[int]:
    """Returns the due campaigns whose start waits in the queue right now."""
    return {int(found[1]) for found in _waiting(PREPARE, r"c-(\d+)-.*")}


def queued_starts() -> set[int]:
    """Returns the campaigns whose start or preparation waits in the queue right now."""
    return {int(found[1]) for found in _waiting(PREPARE, r"[cp]-(\d+)-.*")}


def queued_imports() -> set[int]:
    """Returns the imports whose jobs wait in the queue right now."""
    return {int(found[1]) for found in _waiting(PREPARE, r"i-(\d+)-.*")}


def preparation_waits() -> bool:
    """Returns whether a campaign's preparation waits in the queue; an import gives way to it."""
    try:
        return bool(_waiting(PREPARE, r"[cp]-(\d+)-.*"))
    except redis.RedisError:
        return False


def account_of(job_id: bytes) -> bytes | None:
    """Returns the account that the id of a job names, or None; workers choose by it whose turn it is."""
    found = re.fullmatch(rb"[bcip]-.+-([0-9a-f]{32})-[0-9a-f]{8}", job_id)
    return found[1] if found else None


def another_account_waits(account_id: UUID) -> bool:
    """Returns whether a preparation or an import of another account waits for a worker."""
    try:
        ids = _ids(PREPARE)
    except redis.RedisError:
        return False
    return any(account not in (None, account_id.hex.encode()) for account in map(account_of, ids))


def another_campaign_waits(campaign_id: int) -> bool:
    """Returns whether a batch of another campaign waits for a worker; a redis.RedisError when Redis does not say."""
    return of_another_campaign(_ids(SEND), campaign_id)


def reserve_another(campaign_id: int) -> bool:
    """Returns whether one of another campaign's waiting jobs is this worker's to come for; a redis.RedisError as above.

    The others need not come for it: not before RESERVED_MS, when this worker may be held up, or gone. It stays this
    worker's when a job that stands before it has its turn first.
    """
    return any(_reserve(each) for each in _ids(SEND) if of_another_campaign([each], campaign_id))


def _reserve(job_id: bytes) -> bool:
    key = b"campaign-dispatch:reserved:" + job_id
    if connection().set(key, RESERVES_AS, px=RESERVED_MS, nx=True):
        return True
    if connection().get(key) == RESERVES_AS:
        return True
    left_ms: Any = connection().pttl(key)
    # One that ends later than ours, or never, is none of a worker's.
    return not 0 <= left_ms <= RESERVED_MS


def of_another_campaign(job_ids: Iterable[bytes], campaign_id: int) -> bool:
    """Returns whether one of these jobs sends a batch of another campaign."""
    return any((found := _BATCH.match(each)) and int(found[1]) != campaign_id for each in job_ids)


def queued_batches(campaign_id: int) -> set[int]:
    """Returns the campaign's batches whose jobs wait in the queue right now."""
    return {int(found[1]) for found in _waiting(SEND, rf"b-{campaign_id}-(\d+)-.*")}


def preparation_is_queued(campaign_id: int, token: UUID) -> bool:
    """Returns whether the job of this preparation waits in the queue right now."""
    return bool(_waiting(PREPARE, rf"p-{campaign_id}-{token}-.*"))


def _waiting(name: str, pattern: str) -> list[re.Match[str]]:
    """Returns the ids in the queue that look like this; others may have put anything into it."""
    return [found for each in _ids(name) if (found := re.fullmatch(pattern, each.decode(errors="replace"), re.ASCII))]


def _ids(name: str) -> list[bytes]:
    """Returns the ids in the queue that are no longer than ours; int() refuses a number of thousands of digits."""
    ids: list[Any] = connection().lrange(queue(name).key, 0, -1)
    return [each for each in ids if len(each) <= MOST_OF_ID]
