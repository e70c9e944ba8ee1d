"""Imports an uploaded file, chunk by chunk, with the same result as `imports.py` has with a file at hand.

The job that holds the import's token continues it. A chunk's customers, its rejected lines, the counts and the cursor
are one transaction, so a crash loses nothing and no line counts twice.
"""

import io
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from uuid import UUID

import redis
import structlog

from config.stopping import stopping
from dispatch import queues
from dispatch.customers.import_lines import Chunk
from dispatch.customers.import_parts import NotOurs, write_part
from dispatch.customers.imports import read_chunks
from dispatch.customers.kept_file import KeptFile
from dispatch.customers.open_imports import end_import, end_interrupted_imports
from dispatch.customers.suppression_lines import SuppressionChunk, read_suppressions
from dispatch.errors import DispatchError
from dispatch.formats.csv_in import CsvFile, Place, pieces_of, text_of
from dispatch.formats.rejects import storable
from dispatch.tracing.current import continuing
from dispatch.tracing.spans import job_attributes, span
from models.customers import import_takeovers
from models.customers.import_files import CustomerImportPart, CustomerImportReject
from models.customers.import_states import RunningImport
from models.customers.imports import CustomerImport
from models.database import db
from models.row import JsonObject

# How often an import may lose its worker at the same line.
MAX_TAKEOVERS = 5

log = structlog.get_logger()


def continue_import(
    import_id: int, token: UUID, *, seconds: float = 20, clock: Callable[[], float] = time.monotonic
) -> None:
    """Continues an import for a while: the work of one job. A job whose token is old does nothing.

    After each chunk it makes way for another account's work, and for the preparation of a campaign, which people wait
    for. `clock` is in seconds.
    """
    began = clock()
    begun = CustomerImport.begin(import_id, token)
    if begun is None:
        log.info("import.not_ours", import_id=import_id)
        return
    with (
        continuing(begun.traceparent, request_id=begun.request_id, import_id=import_id),
        span("import file", "consumer", job_attributes()),
    ):
        try:
            if not _import(begun, clock, lambda: _makes_way(begun.account_id, clock() - began, seconds)):
                queues.push_import(import_id, token, begun.account_id)
                return
            end_import(import_id, token)
        except NotOurs:
            log.info("import.not_ours")
        except DispatchError as refusal:
            end_import(import_id, token, error=refusal.message)


def take_over_imports(idle_sec: int) -> Counter[str]:
    """Pushes a new job for each import that no job continues; one that loses its worker too often fails.

    Those whose command has died end as failed.
    """
    done = end_interrupted_imports()
    stale = import_takeovers.stale(idle_sec)
    try:
        queued = queues.queued_imports() if stale else set()
    except redis.RedisError:
        # Without a queue no job could continue them, and the takeovers would be used up for nothing.
        return done
    for abandoned in stale:
        import_id, token = abandoned.id, abandoned.token
        if import_id in queued:
            continue
        if abandoned.takeovers >= MAX_TAKEOVERS:
            done["imports_failed"] += end_import(
                import_id, token, error=f"The import stopped {MAX_TAKEOVERS} times at the same place; see the logs."
            )
        elif taken := import_takeovers.take_over(import_id, token, most=MAX_TAKEOVERS):
            queues.push_import(import_id, taken.token, taken.account_id)
            done["imports_taken_over"] += 1
            log.warning("import.taken_over", import_id=import_id, times=taken.takeovers)
    return done


def _import(begun: RunningImport, clock: Callable[[], float], should_stop: Callable[[], bool]) -> bool:
    """Imports until the file ends (returns True) or it should stop (False)."""
    content = KeptFile(partial(CustomerImportPart.read, begun.id))
    text = text_of(io.BufferedReader(content), begun.encoding)
    mapping, of_opt_outs = _as_mapping(begun), begun.kind == "suppressions"
    file = CsvFile(pieces_of(text), next_line=begun.next_line, mapping=mapping, of_opt_outs=of_opt_outs)
    if begun.resume:
        text.seek(int(begun.resume["text"]))
        file.go_on(Place(**begun.resume["place"]))
    read = read_chunks if begun.kind == "customers" else read_suppressions
    for chunk in read(file, begun.country, clock=clock):
        # As text: it has more than 64 bits, because the state of the decoder is a part of it.
        resume = {"text": str(text.tell()), "place": asdict(chunk.place)}
        _write(begun, chunk, read=content.position, resume=resume)
        begun = replace(begun, next_line=chunk.next_line, resume=resume)
        if should_stop():
            return False
    return True


def _as_mapping(begun: RunningImport) -> dict[str, str]:
    """Returns what makes every name the column that it was when the file came in."""
    return {column: cell for cell, column in zip(begun.header, begun.columns, strict=True) if column}


def _write(begun: RunningImport, chunk: Chunk | SuppressionChunk, *, read: int, resume: JsonObject) -> None:
    with db.atomic():
        write_part(begun, chunk, read=read, resume=resume)
        CustomerImportReject.keep(begun.id, [each._replace(text=storable(each.text)) for each in chunk.rejected])


def _makes_way(account_id: UUID, worked: float, seconds: float) -> bool:
    if worked > seconds or stopping().asked or queues.preparation_waits():
        return True
    return worked >= queues.FAIR_SHARE_SEC and queues.another_account_waits(account_id)
