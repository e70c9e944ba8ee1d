"""Imports a CSV file of customers into an account and onto a list, however long it is.

The file wins: for the columns it names, what a line says replaces what was there, blank cells included; other columns
stay as they are. Columns that a customer does not have become attributes; `consent` can opt a customer out and never
in; `zone` is the name of the customer's time zone. Dates are kept in ISO 8601, read in the order of day and month of
the country. A phone that comes twice is one customer, the last line wins, and every line counts: imported (a new
phone), updated (one in the table), repeated (one in the file) or rejected. Each chunk is committed by itself, so an
import that was cut short is finished by running it again, and running it twice makes the same rows.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import structlog

from dispatch.caller import Caller
from dispatch.customers.import_lines import Chunk, ChunkReader, Counts
from dispatch.customers.import_parts import write_part
from dispatch.customers.open_imports import LocalFile, seen_by_all
from dispatch.formats.checks import checked_name
from dispatch.formats.csv_in import CsvFile
from dispatch.formats.phones import check_country
from dispatch.formats.portions import END, Portion, in_portions
from dispatch.formats.rejects import rejects_file

LINES_PER_CHUNK = 10_000

log = structlog.get_logger()


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
    #: Lines whose person was not asked for consent, or has not answered: new customers of them are unsubscribed.
    not_asked: int = 0

    def plus(self, some: Counts) -> Self:
        """Returns the report with some more lines."""
        return replace(
            self,
            imported=self.imported + some.imported,
            updated=self.updated + some.updated,
            repeated=self.repeated + some.repeated,
            rejected=self.rejected + some.rejected,
            phone_types=dict(Counter(self.phone_types) + Counter(some.phone_types)),
            not_asked=self.not_asked + some.not_asked,
        )


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
        seen_by_all(caller, LocalFile(file_name, size, country), list_name=list_name) as begun,
    ):
        report = ImportReport(0, 0, 0, 0, begun.list_id, file.header.mapping)
        for chunk in read_chunks(file, country):
            reject(chunk.rejected)
            report = report.plus(write_part(begun, chunk, read=position()))
            begun = replace(begun, next_line=chunk.next_line)
            if progress:
                progress(report)
    logged = ("imported", "updated", "repeated", "rejected", "list_id", "phone_types", "not_asked")
    log.info("customers.imported", account_id=str(account_id), **{name: getattr(report, name) for name in logged})
    return report


def read_chunks(file: CsvFile, country: str | None, *, clock: Callable[[], float] = time.monotonic) -> Iterator[Chunk]:
    """Yields the rest of the file, chunk by chunk, each line checked; nothing is written.

    No chunk has more than so many lines, characters and seconds of work, blank lines included.
    """
    chunk = ChunkReader(file, country)
    for record in in_portions(file, Portion(LINES_PER_CHUNK, clock=clock)):
        if record is END:
            yield chunk.take()
        else:
            chunk.add(record)
