"""Imports a CSV file of customers into an account and onto a list, however long it is.

The file wins: for the columns it names, what a line says replaces what was there, blank cells included; other columns
stay as they are. Columns that a customer does not have become attributes; `consent` can opt a customer out and never
in; `zone` is the name of the customer's time zone. A phone that comes twice is one customer, the last line wins, and
every line counts: imported (a new phone), updated (one seen before, in the table or in the file) or rejected. Each
chunk is committed by itself, so an import that was cut short is finished by running it again, and running it twice
makes the same rows.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from uuid import UUID

import psycopg
import structlog
from peewee import PeeweeException

from dispatch.caller import Caller
from dispatch.customers.open_imports import INTERRUPTED, end_import
from dispatch.formats.checks import checked_name
from dispatch.formats.columns import OWN, attribute_of, is_attribute, value_of
from dispatch.formats.csv_in import CsvFile, Record, Rejected, chunks
from dispatch.formats.csv_out import safe_cell
from dispatch.formats.phones import InvalidPhone, check_country, normalise
from models.customers import import_commands
from models.customers.customer import CONSENTS, FILE_COLUMNS, MAX_ATTRIBUTE, MAX_TEXT
from models.customers.imports import CustomerImport, RunningImport
from models.customers.lists import CustomerList
from models.customers.upsert import CustomerToWrite, opt_out_customers, upsert_customers
from models.database import db
from scheduling.zones import is_zone

LINES_PER_CHUNK = 10_000
# A line that says unsubscribed opts its customer out for good; one that says subscribed opts no one in again.
CONSENT = "consent"
UNSUBSCRIBED = "unsubscribed"

log = structlog.get_logger()

Reject = Callable[[Rejected], None]


class NotOurs(Exception):
    """Another job continues this import, or it has ended; there is nothing left to do."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the lines so far; the three counts add up to the lines that were not blank."""

    imported: int
    updated: int
    rejected: int
    list_id: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some lines of the file, read and checked: their customers, no phone twice, and the lines that are rejected."""

    customers: list[CustomerToWrite]
    opted_out: list[str]
    rejected: list[Rejected]
    columns: list[str]
    attributes: list[str]
    lines: int
    next_line: int


def import_customers(
    caller: Caller,
    lines: Iterable[str],
    *,
    list_name: str,
    default_country: str | None = None,
    rejects_path: Path | None = None,
    progress: Callable[[ImportReport], None] | None = None,
    file_name: str = "",
    size: int = 0,
    position: Callable[[], int] = lambda: 0,
) -> ImportReport:
    """Imports what can be imported and reports what became of the lines; rejected ones go to `rejects_path`.

    `lines` is best a file of `open_csv`, of which `position` says how many of the `size` bytes were read. A country,
    list name or header that cannot be used is refused at once.
    """
    account_id = caller.one_account()
    country = check_country(default_country) if default_country else None
    list_name = checked_name(list_name, field="list")
    file = CsvFile(lines)
    with _rejects_file(rejects_path) as reject, _seen_by_all(caller, list_name, file_name, country, size) as begun:
        report = ImportReport(0, 0, 0, begun.list_id)
        next_line = begun.next_line
        for chunk in read_chunks(file, country):
            for rejected in chunk.rejected:
                reject(rejected)
            imported, updated = write_part(begun, chunk, old=next_line, read=position())
            next_line = chunk.next_line
            report = replace(
                report,
                imported=report.imported + imported,
                updated=report.updated + updated,
                rejected=report.rejected + len(chunk.rejected),
            )
            if progress:
                progress(report)
    log.info("customers.imported", account_id=str(account_id), **asdict(report))
    return report


@contextmanager
def _seen_by_all(
    caller: Caller, list_name: str, file_name: str, country: str | None, size: int
) -> Iterator[RunningImport]:
    """Shows the import as running while it is at work, so that no campaign starts on a part of its list."""
    account_id = caller.one_account()
    with db.atomic():
        begun = import_commands.begin(
            account_id,
            list_id=CustomerList.named(account_id, list_name).id,
            list_name=list_name,
            file_name=file_name,
            country=country,
            size=size,
            actor=caller.actor,
        )
    try:
        yield begun
    except BaseException:
        # Recovery ends it if the database is away by now.
        with suppress(PeeweeException, psycopg.Error):
            end_import(begun.id, begun.token, error=INTERRUPTED)
        raise
    else:
        end_import(begun.id, begun.token)
    finally:
        with suppress(PeeweeException, psycopg.Error):
            import_commands.release(begun.id)


def read_chunks(file: CsvFile, country: str | None) -> Iterator[Chunk]:
    """Yields the rest of the file, chunk by chunk, each line checked; nothing is written."""
    columns = [name for name in file.header.names if name in FILE_COLUMNS]
    attributes = [attribute_of(name) for name in file.header.names if is_attribute(name)]
    for records in chunks(file, LINES_PER_CHUNK):
        customers: dict[str, CustomerToWrite] = {}
        opted_out = []
        rejected = []
        for record in records:
            result = _customer(record, country) if isinstance(record, Record) else record
            if isinstance(result, Rejected):
                rejected.append(result)
            else:
                customers[result.phone] = result
                if isinstance(record, Record) and record.cells.get(CONSENT, "").lower() == UNSUBSCRIBED:
                    opted_out.append(result.phone)
        yield Chunk(
            list(customers.values()),
            opted_out,
            rejected,
            columns,
            attributes,
            lines=len(records),
            next_line=file.next_line,
        )


def write_chunk(account_id: UUID, list_id: int, chunk: Chunk) -> tuple[int, int]:
    """Writes the chunk's customers and puts them on the list; returns how many lines were new and how many updates."""
    with db.atomic():
        imported = upsert_customers(
            account_id, list_id, chunk.customers, columns=chunk.columns, attributes=chunk.attributes
        )
        if chunk.opted_out:
            opt_out_customers(account_id, chunk.opted_out)
    return imported, chunk.lines - len(chunk.rejected) - imported


def write_part(begun: RunningImport, chunk: Chunk, *, old: int, read: int) -> tuple[int, int]:
    """Writes the chunk, counts it and moves the import's cursor over it, in one transaction; NotOurs if it has moved.

    Returns how many lines were new and how many updated.
    """
    with db.atomic():
        if not CustomerImport.advance(begun.id, begun.token, old=old, new=chunk.next_line, read=read):
            raise NotOurs
        imported, updated = write_chunk(begun.account_id, begun.list_id, chunk)
        CustomerImport.count(begun.id, imported=imported, updated=updated, rejected=len(chunk.rejected))
    return imported, updated


def _customer(record: Record, country: str | None) -> CustomerToWrite | Rejected:
    cells = record.cells
    phone = cells["phone"]
    for name, value in cells.items():
        limit = MAX_TEXT if name in OWN else MAX_ATTRIBUTE
        if len(value) > limit and not name.startswith("json:"):
            return Rejected(record.line, f"{name} is longer than {limit} characters", phone[:MAX_TEXT])
    if cells.get(CONSENT, "").lower() not in ("", *CONSENTS):
        return Rejected(record.line, f"{CONSENT} is {UNSUBSCRIBED} or subscribed", phone[:MAX_TEXT])
    if (zone := cells.get("zone") or None) and not is_zone(zone):
        return Rejected(record.line, "zone is no IANA time zone, such as Europe/Athens", phone[:MAX_TEXT])
    try:
        number = normalise(phone, country)
    except InvalidPhone as problem:
        return Rejected(record.line, f"phone: {problem.reason}", phone)
    try:
        attributes = {
            attribute_of(name): value_of(name, cell) for name, cell in cells.items() if cell and is_attribute(name)
        }
    except ValueError as problem:
        return Rejected(record.line, f"a value cannot be stored: {problem}", phone[:MAX_TEXT])
    return CustomerToWrite(
        number,
        cells.get("first_name", ""),
        cells.get("last_name", ""),
        cells.get("location") or None,
        cells.get("prefered_product") or None,
        zone,
        json.dumps(attributes) if attributes else "{}",
    )


@contextmanager
def _rejects_file(path: Path | None) -> Iterator[Reject]:
    """Opens a CSV file of line, reason and phone as it stood; it is deleted again when no line was rejected."""
    if path is None:
        yield lambda rejected: None
        return
    # Opened before the first row is imported, so that a path that cannot be written to is found out in time.
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        header = writer.writerow(Rejected._fields)
        yield lambda rejected: writer.writerow(map(safe_cell, rejected))
        nothing_rejected = file.tell() == header
    if nothing_rejected:
        path.unlink()
