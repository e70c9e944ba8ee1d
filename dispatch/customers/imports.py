"""Imports a CSV file of customers into an account and onto a list, however long it is.

The file wins: for the columns it names, what a line says replaces what was there, blank cells included; other columns
stay as they are. Columns that a customer does not have become attributes; `consent` can opt a customer out and never
in; `zone` is the name of the customer's time zone. Dates are kept in ISO 8601, read in the order of day and month of
the country. A phone that comes twice is one customer, the last line wins, and every line counts: imported (a new
phone), updated (one in the table), repeated (one in the file) or rejected. Each chunk is committed by itself, so an
import that was cut short is finished by running it again, and running it twice makes the same rows.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

import structlog

from dispatch.caller import Caller
from dispatch.customers.open_imports import seen_by_all
from dispatch.errors import InvalidStatus
from dispatch.formats.checks import checked_name
from dispatch.formats.columns import OWN, attribute_of, is_attribute, value_of
from dispatch.formats.csv_in import CsvFile, Record, Rejected, chunks
from dispatch.formats.dates import AmbiguousDate
from dispatch.formats.phone_text import InvalidPhone
from dispatch.formats.phones import check_country, read_phone
from dispatch.formats.rejects import rejects_file
from models.customers.customer import CONSENTS, FILE_COLUMNS, MAX_ATTRIBUTE, MAX_TEXT
from models.customers.imports import CustomerImport, RunningImport
from models.customers.upsert import CustomerToWrite, Target, opt_out_customers, upsert_customers
from models.database import db
from scheduling.zones import is_zone

LINES_PER_CHUNK = 10_000
# A line that says unsubscribed opts its customer out for good; one that says subscribed opts no one in again.
CONSENT = "consent"
UNSUBSCRIBED = "unsubscribed"

log = structlog.get_logger()


class NotOurs(InvalidStatus):
    """Another job continues this import, or it has ended; there is nothing left to do."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of some lines: a new phone, one known before, one that came before in the file, or rejected."""

    imported: int
    updated: int
    repeated: int
    rejected: int
    #: How many of those that were not rejected have which kind of number.
    phone_types: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the lines so far; the first four counts add up to the lines that were not blank."""

    imported: int
    updated: int
    repeated: int
    rejected: int
    #: None if nothing was written, only tried.
    list_id: int | None
    #: The column that each name in the first line was taken for.
    mapping: Mapping[str, str]
    #: How many of the lines that were not rejected have which kind of number.
    phone_types: Mapping[str, int] = field(default_factory=dict)

    def plus(self, some: Counts) -> Self:
        """Returns the report with some more lines."""
        return replace(
            self,
            imported=self.imported + some.imported,
            updated=self.updated + some.updated,
            repeated=self.repeated + some.repeated,
            rejected=self.rejected + some.rejected,
            phone_types=dict(Counter(self.phone_types) + Counter(some.phone_types)),
        )


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some lines of the file, read and checked: their customers, no phone twice, and the lines that are rejected."""

    customers: list[CustomerToWrite]
    opted_out: list[str]
    rejected: list[Rejected]
    columns: list[str]
    attributes: list[str]
    phone_types: dict[str, int]
    lines: int
    next_line: int

    def counted(self, *, new: int, repeated: int) -> Counts:
        """Returns what became of its lines, of whose phones so many were new or had come in an earlier chunk."""
        within = self.lines - len(self.rejected) - len(self.customers)
        updated = len(self.customers) - new - repeated
        return Counts(new, updated, within + repeated, len(self.rejected), self.phone_types)


def import_customers(
    caller: Caller,
    lines: Iterable[str],
    *,
    list_name: str,
    default_country: str | None = None,
    mapping: Mapping[str, str] | None = None,
    rejects_path: Path | None = None,
    progress: Callable[[ImportReport], None] | None = None,
    file_name: str = "",
    size: int = 0,
    position: Callable[[], int] = lambda: 0,
) -> ImportReport:
    """Imports what can be imported and reports what became of the lines; rejected ones go to `rejects_path`.

    `lines` is best a file of `checked_lines`, of which `position` says how many of the `size` bytes were read;
    `mapping` says which of its names is which column. What cannot be used of these is refused at once.
    """
    account_id = caller.one_account()
    country = check_country(default_country) if default_country else None
    list_name = checked_name(list_name, field="list")
    file = CsvFile(lines, mapping=mapping)
    with (
        rejects_file(rejects_path, file.columns) as reject,
        seen_by_all(caller, list_name, file_name, country, size) as begun,
    ):
        report = ImportReport(0, 0, 0, 0, begun.list_id, file.header.mapping)
        next_line = begun.next_line
        for chunk in read_chunks(file, country):
            reject(chunk.rejected)
            report = report.plus(write_part(begun, chunk, old=next_line, read=position()))
            next_line = chunk.next_line
            if progress:
                progress(report)
    logged = ("imported", "updated", "repeated", "rejected", "list_id", "phone_types")
    log.info("customers.imported", account_id=str(account_id), **{name: getattr(report, name) for name in logged})
    return report


def read_chunks(file: CsvFile, country: str | None) -> Iterator[Chunk]:
    """Yields the rest of the file, chunk by chunk, each line checked; nothing is written."""
    columns = [name for name in file.header.names if name in FILE_COLUMNS]
    attributes = [attribute_of(name) for name in file.header.names if is_attribute(name)]
    for records in chunks(file, LINES_PER_CHUNK):
        customers: dict[str, CustomerToWrite] = {}
        opted_out = []
        rejected = []
        phone_types = Counter[str]()
        for record in records:
            result = _customer(record, country) if isinstance(record, Record) else record
            if isinstance(result, Rejected):
                rejected.append(result if isinstance(record, Rejected) else result._replace(values=record.values))
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
            attributes,
            dict(phone_types),
            lines=len(records),
            next_line=file.next_line,
        )


def write_part(begun: RunningImport, chunk: Chunk, *, old: int, read: int) -> Counts:
    """Writes the chunk, counts it and moves the import's cursor over it, in one transaction; NotOurs if it has moved.

    Returns what became of the lines.
    """
    target = Target(begun.account_id, begun.list_id, begun.id)
    with db.atomic():
        if not CustomerImport.advance(begun.id, begun.token, old=old, new=chunk.next_line, read=read):
            raise NotOurs("The import was cancelled, or its command was taken for dead; what it had imported stays.")
        written = upsert_customers(target, chunk.customers, columns=chunk.columns, attributes=chunk.attributes)
        if chunk.opted_out:
            opt_out_customers(begun.account_id, chunk.opted_out)
        counts = chunk.counted(new=written.inserted, repeated=written.repeated)
        CustomerImport.count(begun.id, **asdict(counts))
    return counts


def _customer(record: Record, country: str | None) -> CustomerToWrite | Rejected:
    cells = record.cells
    phone = cells["phone"]
    for name, value in cells.items():
        limit = MAX_TEXT if name in OWN else MAX_ATTRIBUTE
        if len(value) > limit and not name.startswith("json:"):
            return Rejected(record.line, f"{name} is longer than {limit} characters")
    if cells.get(CONSENT, "").lower() not in ("", *CONSENTS):
        return Rejected(record.line, f"{CONSENT} is {UNSUBSCRIBED} or subscribed")
    if (zone := cells.get("zone") or None) and not is_zone(zone):
        return Rejected(record.line, "zone is no IANA time zone, such as Europe/Athens")
    try:
        number, kind = read_phone(phone, country)
    except InvalidPhone as problem:
        return Rejected(record.line, f"phone: {problem.reason}")
    attributes = _attributes(record, country)
    if isinstance(attributes, Rejected):
        return attributes
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


def _attributes(record: Record, country: str | None) -> dict[str, object] | Rejected:
    attributes = {}
    for name, cell in record.cells.items():
        if cell and is_attribute(name):
            try:
                attributes[attribute_of(name)] = value_of(name, cell, country)
            except AmbiguousDate as problem:
                return Rejected(record.line, f"{name}: {problem.message}")
            except ValueError as problem:
                return Rejected(record.line, f"a value cannot be stored: {problem}")
    return attributes
