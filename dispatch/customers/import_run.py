"""Imports an uploaded file, chunk by chunk, with the same result as `imports.py` has with a file at hand.

Whoever holds the import's token may go on with it. A chunk's customers, its rejected lines, the counts and the cursor
are one transaction, so a crash costs nothing and no line counts twice, whoever goes on.
"""

import io
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import redis
import structlog

from config.stopping import stopping
from dispatch import queues
from dispatch.customers.imports import Chunk, read_chunks, write_chunk
from dispatch.errors import DispatchError
from dispatch.formats.csv_in import CsvFile, lines_of
from models.customer_import import CustomerImport, CustomerImportPart, CustomerImportReject
from models.database import db

# How often an import may lose its worker in one and the same place.
MOST_TAKEOVERS = 5

log = structlog.get_logger()


class TakenAway(Exception):
    """Another goes on with this import; there is nothing left to do."""


class Content(io.RawIOBase):
    """The uploaded file as a stream that fetches each part when it is read; `given` bytes were read so far."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._rest = memoryview(b"")
        self.given = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills the buffer with what is left of a part; 0 at the end."""
        if not self._rest:
            self._rest = memoryview(next(self._parts, b""))
        some = self._rest[: len(buffer)]
        buffer[: len(some)] = some
        self._rest = self._rest[len(some) :]
        self.given += len(some)
        return len(some)


def continue_import(import_id: int, token: UUID, *, seconds: float = 20) -> None:
    """Goes on with an import for a while: the work of one job. A job whose token is old does nothing.

    It lets a campaign's preparation pass: people wait for that.
    """
    deadline = time.monotonic() + seconds
    begun = CustomerImport.begin(import_id, token)
    if begun is None:
        log.info("import.not_ours", import_id=import_id)
        return
    with structlog.contextvars.bound_contextvars(correlation_id=begun["request_id"], import_id=import_id):
        try:
            if not _import(begun, lambda: _should_stop(deadline)):
                queues.push_import(import_id, token)
                return
            _end(import_id, token)
        except TakenAway:
            log.info("import.not_ours")
        except DispatchError as refusal:
            _end(import_id, token, error=refusal.message)


def take_over_imports(idle_seconds: int) -> Counter[str]:
    """Gives imports that nobody goes on with to a new job; after too many times in one place they fail."""
    done: Counter[str] = Counter()
    stale = CustomerImport.stale(idle_seconds)
    try:
        queued = queues.queued_imports() if stale else set()
    except redis.RedisError:
        # Without a queue nobody could go on, and the take-overs would be used up for nothing.
        return done
    for abandoned in stale:
        import_id, token = abandoned["id"], abandoned["token"]
        if import_id in queued:
            continue
        if abandoned["takeovers"] >= MOST_TAKEOVERS:
            done["imports_failed"] += _end(
                import_id, token, error=f"The import stopped {MOST_TAKEOVERS} times at the same place; see the logs."
            )
        elif taken := CustomerImport.take_over(import_id, token, most=MOST_TAKEOVERS):
            queues.push_import(import_id, taken["token"])
            done["imports_taken_over"] += 1
            log.warning("import.taken_over", import_id=import_id, times=taken["takeovers"])
    return done


def _import(begun: dict[str, Any], should_stop: Callable[[], bool]) -> bool:
    """Imports until the file ends (True) or it should stop (False)."""
    content = Content(CustomerImportPart.read(begun["id"]))
    file = CsvFile(lines_of(io.BufferedReader(content)), next_line=begun["next_line"])
    next_line = begun["next_line"]
    for chunk in read_chunks(file, begun["country"]):
        _write(begun, chunk, old=next_line, read=content.given)
        next_line = chunk.next_line
        if should_stop():
            return False
    return True


def _write(begun: dict[str, Any], chunk: Chunk, *, old: int, read: int) -> None:
    import_id = begun["id"]
    with db.atomic():
        if not CustomerImport.advance(import_id, begun["token"], old=old, new=chunk.next_line, read=read):
            raise TakenAway
        imported, updated = write_chunk(begun["account_id"], begun["list_id"], chunk)
        CustomerImportReject.keep(import_id, [(each.line, each.reason, each.phone) for each in chunk.rejected])
        CustomerImport.count(import_id, imported=imported, updated=updated, rejected=len(chunk.rejected))


def _should_stop(deadline: float) -> bool:
    return time.monotonic() > deadline or stopping().asked or queues.preparation_waits()


def _end(import_id: int, token: UUID, *, error: str | None = None) -> bool:
    with db.atomic():
        ended = CustomerImport.end(import_id, token, error=error)
    if ended is None:
        return False
    counts = {name: ended[name] for name in ("imported", "updated", "rejected")}
    if error:
        log.error("import.failed", import_id=import_id, reason=error, **counts)
    else:
        log.info("import.finished", import_id=import_id, **counts)
    return True
