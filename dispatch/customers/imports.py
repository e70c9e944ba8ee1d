"""Imports a CSV file of customers into an account and onto a list, however long it is.

The file wins: for the columns it names, what a line says replaces what was there, blank cells included; other columns
stay as they are. Columns that a customer does not have become attributes; `consent` can opt a customer out and never
in; `zone` is the name of the customer's time zone. Dates are kept in ISO 8601, read in the order of day and month of
the country. A phone that comes twice is one customer, the last line wins, and every line counts: imported (a new
phone), updated (one seen before, in the table or in the file) or rejected. Each chunk is committed by itself, so an
import that was cut short is finished by running it again, and running it twice makes the same rows.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from uuid import UUID

import structlog

from dispatch.caller import Caller
from dispatch.formats.checks import checked_name
from dispatch.formats.csv_in import CsvFile, Record, Rejected, chunks
from dispatch.formats.csv_out import safe_cell
from dispatch.formats.dates import AmbiguousDate, as_date
from dispatch.formats.phone_text import InvalidPhone
from dispatch.formats.phones import check_country, read_phone
from models.customers.customer import CONSENTS, FILE_COLUMNS, MAX_TEXT
from models.customers.lists import CustomerList
from models.customers.upsert import CustomerToWrite, opt_out_customers, upsert_customers
from models.database import db
from scheduling.zones import is_zone

LINES_PER_CHUNK = 10_000
MAX_ATTRIBUTE = 1000
# A line that says unsubscribed opts its customer out for good; one that says subscribed opts no one in again.
CONSENT = "consent"
UNSUBSCRIBED = "unsubscribed"

log = structlog.get_logger()

Reject = Callable[[Rejected], None]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the lines so far; the first three counts add up to the lines that were not blank."""

    imported: int
    updated: int
    rejected: int
    list_id: int
    #: How many of the imported and updated lines have which kind of number.
    phone_types: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some lines of the file, read and checked: their customers, no phone twice, and the lines that are rejected."""

    customers: list[CustomerToWrite]
    opted_out: list[str]
    rejected: list[Rejected]
    columns: list[str]
    phone_types: Counter[str]
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
) -> ImportReport:
    """Imports what can be imported and reports what became of the lines; rejected ones go to `rejects_path`.

    `lines` is best a file of `open_csv`. A country, list name or header that cannot be used is refused at once.
    """
    account_id = caller.one_account()
    country = check_country(default_country) if default_country else None
    list_name = checked_name(list_name, field="list")
    file = CsvFile(lines)
    with _rejects_file(rejects_path) as reject:
        report = ImportReport(0, 0, 0, CustomerList.named(account_id, list_name).id)
        for chunk in read_chunks(file, country):
            for rejected in chunk.rejected:
                reject(rejected)
            imported, updated = write_chunk(account_id, report.list_id, chunk)
            report = replace(
                report,
                imported=report.imported + imported,
                updated=report.updated + updated,
                rejected=report.rejected + len(chunk.rejected),
                phone_types=dict(Counter(report.phone_types) + chunk.phone_types),
            )
            if progress:
                progress(report)
    log.info("customers.imported", account_id=str(account_id), **asdict(report))
    return report


def read_chunks(file: CsvFile, country: str | None) -> Iterator[Chunk]:
    """Yields the rest of the file, chunk by chunk, each line checked; nothing is written."""
    columns = [name for name in file.header.names if name and name not in ("phone", CONSENT)]
    for records in chunks(file, LINES_PER_CHUNK):
        customers: dict[str, CustomerToWrite] = {}
        opted_out = []
        rejected = []
        phone_types = Counter[str]()
        for record in records:
            result = _customer(record, country) if isinstance(record, Record) else record
            if isinstance(result, Rejected):
                rejected.append(result)
            else:
                customers[result.phone] = result
                phone_types[result.phone_type] += 1
                if isinstance(record, Record) and record.cells.get(CONSENT, "").lower() == UNSUBSCRIBED:
                    opted_out.append(result.phone)
        yield Chunk(
            list(customers.values()),
            opted_out,
            rejected,
            columns,
            phone_types,
            lines=len(records),
            next_line=file.next_line,
        )


def write_chunk(account_id: UUID, list_id: int, chunk: Chunk) -> tuple[int, int]:
    """Writes the chunk's customers and puts them on the list; returns how many lines were new and how many updates."""
    with db.atomic():
        imported = upsert_customers(account_id, list_id, chunk.customers, columns=chunk.columns)
        if chunk.opted_out:
            opt_out_customers(account_id, chunk.opted_out)
    return imported, chunk.lines - len(chunk.rejected) - imported


def _customer(record: Record, country: str | None) -> CustomerToWrite | Rejected:
    cells = record.cells
    phone = cells["phone"]
    for name, value in cells.items():
        limit = MAX_TEXT if name in FILE_COLUMNS or name == "phone" else MAX_ATTRIBUTE
        if len(value) > limit:
            return Rejected(record.line, f"{name} is longer than {limit} characters", phone[:MAX_TEXT])
    if cells.get(CONSENT, "").lower() not in ("", *CONSENTS):
        return Rejected(record.line, f"{CONSENT} is {UNSUBSCRIBED} or subscribed", phone[:MAX_TEXT])
    if (zone := cells.get("zone") or None) and not is_zone(zone):
        return Rejected(record.line, "zone is no IANA time zone, such as Europe/Athens", phone[:MAX_TEXT])
    try:
        number, kind = read_phone(phone, country)
    except InvalidPhone as problem:
        return Rejected(record.line, f"phone: {problem.reason}", phone)
    attributes = {name: cells[name] for name in cells if name not in (*FILE_COLUMNS, "phone", CONSENT) and cells[name]}
    for name, value in attributes.items():
        try:
            attributes[name] = as_date(value, country) or value
        except AmbiguousDate as problem:
            return Rejected(record.line, f"{name}: {problem.message}", phone)
    return CustomerToWrite(
        number,
        kind,
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
