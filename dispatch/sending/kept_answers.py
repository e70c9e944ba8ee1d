"""Answers that a process could not record before it had to end, kept in Redis until another one records them."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import redis
import structlog

from dispatch.queues import connection
from dispatch.signing import is_signed, signature
from models.database import db
from models.messages import recording
from models.messages.message import Outcome

log = structlog.get_logger()

# A list of entries: a signature, a space, and JSON with the answers of one window at most. There is no text and no
# number of a person in it. Recording an entry twice changes nothing, so it is removed once it is recorded.
KEY = "send:answers"
_PURPOSE = b"answers"
# How many entries are read at a time.
_PAGE = 20


def keep_answers(campaign_id: int, outcomes: Sequence[Outcome], *, provider: str, batch_size: int) -> None:
    """Keeps the answers for `record_kept_answers`; a redis.RedisError when Redis does not take them."""
    content = json.dumps(
        {"campaign_id": campaign_id, "provider": provider, "batch_size": batch_size, "outcomes": outcomes}
    )
    entry = f"{signature(content, purpose=_PURPOSE)} {content}"
    _mend_key(connection())
    connection().rpush(KEY, entry)


def record_kept_answers() -> int:
    """Records the answers that ended processes have left, by token like any other; returns how many it wrote.

    They are looked for before any lease is judged. Without Redis there are none to find; they are recorded later.
    """
    recorded = 0
    try:
        _mend_key(connection())
        while True:
            entries: list[Any] = connection().lrange(KEY, 0, _PAGE - 1)
            if not entries:
                break
            for entry in entries:
                recorded += _record(entry)
                connection().lrem(KEY, 1, entry)
    except redis.RedisError as problem:
        log.debug("answers.not_read", problem=type(problem).__name__)
    return recorded


def _record(entry: bytes) -> int:
    signed, _, content = entry.partition(b" ")
    if not is_signed(signed, content, purpose=_PURPOSE):
        log.warning("answers.skipped", reason="no key of ours signed them")
        return 0
    kept = json.loads(content)
    outcomes = [Outcome(*each) for each in kept["outcomes"]]
    recorded = 0
    for token in {outcome.token for outcome in outcomes}:
        given = recording.answers(
            kept["campaign_id"],
            [outcome for outcome in outcomes if outcome.token == token],
            token=token,
            provider=kept["provider"],
            batch_size=kept["batch_size"],
            current=None,
        )
        with db.atomic(), db.connection().cursor() as cursor:
            recording.record(cursor, given)
            recorded += len(recording.written(cursor, given)) + recording.record_late(given)
    log.warning("answers.recorded", campaign_id=kept["campaign_id"], answers=len(outcomes), written=recorded)
    return recorded


def counted(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Returns how many of the answers lead to each state, for the log."""
    return dict(Counter(outcome.state for outcome in outcomes))


def _mend_key(client: redis.Redis) -> None:
    """Deletes what stands under our key and is no list."""
    if client.type(KEY) not in (b"none", b"list"):
        client.delete(KEY)
        log.warning("queue.mended", key=KEY)
