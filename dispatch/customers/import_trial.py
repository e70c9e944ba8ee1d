"""Tries an import: reports what it would do, and writes the lines that it would reject, but no customer and no list."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from dispatch.caller import Caller
from dispatch.customers.imports import ImportReport, read_chunks
from dispatch.formats.csv_in import CsvFile
from dispatch.formats.phones import check_country
from dispatch.formats.rejects import rejects_file
from models.customers.upsert import known_phones


def try_import(
    caller: Caller,
    lines: Iterable[str],
    *,
    default_country: str | None = None,
    mapping: Mapping[str, str] | None = None,
    rejects_path: Path | None = None,
) -> ImportReport:
    """Returns what `import_customers` would report now; its list is None."""
    account_id = caller.one_account()
    country = check_country(default_country) if default_country else None
    file = CsvFile(lines, mapping=mapping)
    report = ImportReport(0, 0, 0, 0, None, file.header.mapping)
    seen: set[str] = set()
    with rejects_file(rejects_path, file.columns) as reject:
        for chunk in read_chunks(file, country):
            reject(chunk.rejected)
            phones = {each.phone for each in chunk.customers}
            repeated = phones & seen
            new = phones - seen - known_phones(account_id, list(phones))
            report = report.plus(chunk.counted(new=len(new), repeated=len(repeated)))
            seen |= phones
    return report
