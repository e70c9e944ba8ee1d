"""Writes a part of an import, whatever it imports: what its lines say, their counts and the cursor, at once."""

from dataclasses import asdict

from dispatch.accounts.quotas import check_quota
from dispatch.customers.attribute_limits import refusing_too_many
from dispatch.customers.import_lines import Chunk, Counts
from dispatch.customers.suppression_lines import SuppressionChunk, suppress, try_suppressions
from dispatch.errors import InvalidStatus
from models.customers.import_states import RunningImport
from models.customers.import_trials import seen_first
from models.customers.imports import CustomerImport
from models.customers.suppression import Suppression
from models.customers.upsert import Target, known_phones, opt_out_customers, upsert_customers
from models.database import db
from models.row import JsonObject


class NotOurs(InvalidStatus):
    """Another job continues this import, or it has ended; there is nothing left to do."""


def write_part(
    begun: RunningImport, chunk: Chunk | SuppressionChunk, *, read: int, resume: JsonObject | None = None
) -> Counts:
    """Writes the chunk, counts it and moves the import's cursor over it, in one transaction; NotOurs if it has moved.

    `resume` is where in the file the next job continues. Returns what became of the lines.
    """
    with refusing_too_many(), db.atomic():
        if not CustomerImport.advance(begun, next_line=chunk.next_line, read=read, resume=resume):
            raise NotOurs("The import was cancelled, or its command was taken for dead; what it had imported stays.")
        counts = _customers(begun, chunk) if isinstance(chunk, Chunk) else _suppressions(begun, chunk)
        CustomerImport.count(begun.id, **asdict(counts))
    return counts


def _suppressions(begun: RunningImport, chunk: SuppressionChunk) -> Counts:
    if begun.dry_run:
        return try_suppressions(begun, chunk)
    return suppress(begun.account_id, chunk, "cli" if begun.by_command else "api")


def _customers(begun: RunningImport, chunk: Chunk) -> Counts:
    if begun.dry_run:
        phones = [each.phone for each in chunk.customers]
        first = seen_first(begun.id, phones)
        new = first - known_phones(begun.account_id, list(first))
        return chunk.counted(new=len(new), repeated=len(phones) - len(first))
    if begun.list_id is None:
        raise LookupError("an import of customers has no list")
    target = Target(begun.account_id, begun.list_id, begun.id)
    written = upsert_customers(target, chunk.customers, columns=chunk.columns, attributes=chunk.attributes)
    if written.inserted or written.joined:
        check_quota(begun.account_id, "stored_rows")
    if chunk.opted_out:
        opt_out_customers(begun.account_id, chunk.opted_out)
    if chunk.not_to_message:
        Suppression.add_many(
            begun.account_id, chunk.not_to_message, ["opted_out"] * len(chunk.not_to_message), source="import"
        )
    return chunk.counted(new=written.inserted, repeated=written.repeated)
