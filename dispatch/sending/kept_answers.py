"""Answers that a process could not record before it had to end, kept in Redis until another one records them."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import redis
import structlog

from dispatch.queues import connection
from dispatch.signing import is_signed, signature
from models.database import db
from models.failures import DATABASE_ERRORS, PASSING_ERRORS, is_of_one_statement
from models.messages import recording
from models.messages.message import Outcome

log = structlog.get_logger()

# A list of entries: a signature, a space, and JSON with the answers of one window at most. There is no text and no
# number of a person in it. Recording an entry twice changes nothing, so it is removed once it is recorded.
KEY = "send:answers"
# Entries in which PostgreSQL refuses every answer. Nothing reads them, but `doctor` names them until they are gone.
SET_ASIDE = "send:answers:set_aside"
_PURPOSE = b"answers"
# How many entries are read at a time.
_PAGE = 20


class _Kept(NamedTuple):
    """Answers of one campaign, and what is needed to record them."""

    campaign_id: int
    provider: str
    batch_size: int
    outcomes: Sequence[Outcome]


def keep_answers(campaign_id: int, outcomes: Sequence[Outcome], *, provider: str, batch_size: int) -> None:
    """Keeps the answers for `record_kept_answers`; a redis.RedisError when Redis does not take them."""
    _mend_key(connection(), KEY)
    connection().rpush(KEY, _signed(_Kept(campaign_id, provider, batch_size, outcomes)))


def record_kept_answers() -> int:
    """Records the answers that ended processes have left, by token like any other; returns how many it wrote.

    They are looked for before any lease is judged. Without Redis there are none to find; they are recorded later. An
    entry whose rows are locked stays for the next pass, and answers that PostgreSQL refuses are set aside.
    """
    recorded = staying = 0
    try:
        _mend_key(connection(), KEY)
        while True:
            entries: list[Any] = connection().lrange(KEY, staying, staying + _PAGE - 1)
            if not entries:
                break
            for entry in entries:
                written = _record_entry(entry)
                recorded += written or 0
                staying += written is None
    except redis.RedisError as problem:
        log.debug("answers.not_read", problem=type(problem).__name__)
    return recorded


def _record_entry(entry: bytes) -> int | None:
    """Returns how many answers of the entry were written, and removes it; None if it has to stay."""
    refused: bytes | str | None = None
    written = 0
    try:
        if kept := _read(entry):
            written, refused = _record_or_refuse(kept)
    except PASSING_ERRORS as problem:
        if not is_of_one_statement(problem):
            raise
        log.warning("answers.put_off", problem=type(problem).__name__)
        return None
    # It may be of another release, and others wait behind it.
    except (ValueError, TypeError, KeyError):
        log.exception("answers.not_recorded")
        refused = entry
    _remove(entry, set_aside=refused)
    return written


def _remove(entry: bytes, *, set_aside: bytes | str | None) -> None:
    if set_aside is not None:
        _mend_key(connection(), SET_ASIDE)
    with connection().pipeline() as together:
        together.lrem(KEY, 1, entry)  # type: ignore[arg-type]  # an entry is bytes, as Redis returned it
        if set_aside is not None:
            together.rpush(SET_ASIDE, set_aside)
        together.execute()


def _read(entry: bytes) -> _Kept | None:
    signed, _, content = entry.partition(b" ")
    if not is_signed(signed, content, purpose=_PURPOSE):
        log.warning("answers.skipped", reason="no key of ours signed them")
        return None
    kept = json.loads(content)
    outcomes = [Outcome(*each) for each in kept["outcomes"]]
    return _Kept(kept["campaign_id"], kept["provider"], kept["batch_size"], outcomes)


def _signed(kept: _Kept) -> str:
    content = json.dumps(kept._asdict())
    return f"{signature(content, purpose=_PURPOSE)} {content}"


def _record_or_refuse(kept: _Kept) -> tuple[int, str | None]:
    """Records the answers, each by itself if they cannot be together; returns an entry of those that cannot at all."""
    try:
        return _record(kept), None
    except PASSING_ERRORS:
        raise
    except DATABASE_ERRORS:
        log.exception("answers.not_recorded", campaign_id=kept.campaign_id)
    written, refused = 0, []
    for outcome in kept.outcomes:
        try:
            written += _record(kept._replace(outcomes=[outcome]))
        except PASSING_ERRORS:
            raise
        except DATABASE_ERRORS:
            refused.append(outcome)
    return written, _signed(kept._replace(outcomes=refused)) if refused else None


def _record(kept: _Kept) -> int:
    recorded = 0
    for token in {outcome.token for outcome in kept.outcomes}:
        given = recording.answers(
            kept.campaign_id,
            [outcome for outcome in kept.outcomes if outcome.token == token],
            token=token,
            provider=kept.provider,
            batch_size=kept.batch_size,
            current=None,
        )
        with db.atomic(), db.connection().cursor() as cursor:
            recording.record(cursor, given)
            recorded += len(recording.written(cursor, given)) + recording.record_late(given)
    log.warning("answers.recorded", campaign_id=kept.campaign_id, answers=len(kept.outcomes), written=recorded)
    return recorded


def answers_set_aside() -> int:
    """Returns how many entries PostgreSQL has refused; a redis.RedisError when Redis does not say."""
    entries: Any = connection().llen(SET_ASIDE) if connection().type(SET_ASIDE) == b"list" else 0
    return int(entries)


def counted(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Returns how many of the answers lead to each state, for the log."""
    return dict(Counter(outcome.state for outcome in outcomes))


def _mend_key(client: redis.Redis, key: str) -> None:
    """Deletes what stands under a key of ours and is no list."""
    if client.type(key) not in (b"none", b"list"):
        client.delete(key)
        log.warning("queue.mended", key=key)
