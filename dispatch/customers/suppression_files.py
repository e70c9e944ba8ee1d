"""Numbers that an account must not message, many at once: a list or a file in, and a file out that comes back in.

What a request sends is suppressed at once if it is short; a longer file over HTTP is imported by a job
(`import_upload.py`), and one at hand here, however long it is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import structlog

from dispatch.accounts.accounts import account_with_id
from dispatch.caller import Caller
from dispatch.customers.import_lines import Counts
from dispatch.customers.import_parts import write_part
from dispatch.customers.open_imports import LocalFile, seen_by_all
from dispatch.customers.suppression_lines import (
    SuppressionChunk,
    SuppressionReader,
    read_suppressions,
    suppress,
)
from dispatch.formats.checks import checked_name
from dispatch.formats.csv_in import CsvFile, Place, Rejected
from dispatch.formats.csv_out import csv_lines
from dispatch.formats.rejects import rejects_file
from dispatch.formats.view import View
from models.customers.suppression import OPTED_OUT, Suppression, SuppressionLine
from models.database import db

#: Numbers that a request suppresses itself: reading one takes about a tenth of a millisecond.
MOST_AT_ONCE = 2_000
# So many of the rejected lines are named in the report.
MAX_NAMED = 100

log = structlog.get_logger()


class RejectedLine(View):
    """A line whose number was not suppressed, and why."""

    line: int
    reason: str


class SuppressionReport(View):
    """What became of the lines: suppressed now, suppressed before, or rejected (the first hundred with the reason).

    `ambiguous` of those suppressed have a number that can be read in two ways: both are suppressed.
    """

    added: int = 0
    known: int = 0
    rejected: int = 0
    ambiguous: int = 0
    rejections: list[RejectedLine] = []

    def plus(self, some: Counts, rejected: Sequence[Rejected]) -> Self:
        """Returns the report with some more lines."""
        named = [RejectedLine(line=each.line, reason=each.reason) for each in rejected]
        return self.model_copy(
            update={
                "added": self.added + some.imported,
                "known": self.known + some.updated,
                "rejected": self.rejected + some.rejected,
                "ambiguous": self.ambiguous + some.ambiguous,
                "rejections": [*self.rejections, *named[: MAX_NAMED - len(self.rejections)]],
            }
        )


def suppress_numbers(
    caller: Caller, phones: Sequence[str], *, reason: str = OPTED_OUT, source: str = "api"
) -> SuppressionReport:
    """Suppresses every number that can be read, in one transaction; they are counted from 1 as lines are."""
    reason = checked_name(reason, field="reason")
    reader = SuppressionReader(account_with_id(caller.one_account()).country)
    for line, phone in enumerate(phones, start=1):
        reader.add(line, phone, reason)
    return _suppress_all(caller, [reader.take(0, Place(0))], source)


def suppress_csv(
    caller: Caller, lines: Iterable[str], *, mapping: Mapping[str, str] | None = None, source: str = "api"
) -> SuppressionReport:
    """Suppresses the numbers of a short CSV text with a column `phone` and perhaps `reason`, in one transaction."""
    file = CsvFile(lines, mapping=mapping, of_opt_outs=True)
    return _suppress_all(caller, list(read_suppressions(file, account_with_id(caller.one_account()).country)), source)


def as_csv(phones: Sequence[str], reason: str) -> str:
    """Returns the numbers as a file that a job can import; InvalidRequest if the reason cannot be one."""
    reason = checked_name(reason, field="reason")
    return "".join(csv_lines(("phone", "reason"), ((phone, reason) for phone in phones)))


def _suppress_all(caller: Caller, chunks: Sequence[SuppressionChunk], source: str) -> SuppressionReport:
    account_id = caller.one_account()
    report = SuppressionReport()
    with db.atomic():
        for chunk in chunks:
            report = report.plus(suppress(account_id, chunk, source), chunk.rejected)
        if report.added:
            caller.note("suppressions.imported", account_id, account_id=account_id, added=report.added)
    _log(caller, report)
    return report


def import_suppressions(
    caller: Caller,
    lines: Iterable[str],
    *,
    mapping: Mapping[str, str] | None = None,
    rejects_path: Path | None = None,
    dry_run: bool = False,
    file_name: str = "",
    size: int = 0,
    position: Callable[[], int] = lambda: 0,
) -> SuppressionReport:
    """Suppresses the numbers of a file at hand, however long it is; doing it again changes nothing.

    Rejected lines go to `rejects_path`, with all their columns. With `dry_run` nothing is suppressed, only told.
    """
    account_id = caller.one_account()
    country = account_with_id(account_id).country
    file = CsvFile(lines, mapping=mapping, of_opt_outs=True)
    report = SuppressionReport()
    with rejects_file(rejects_path, file.columns) as reject:
        if dry_run:
            seen: set[str] = set()
            for chunk in read_suppressions(file, country):
                reject(chunk.rejected)
                new = set(chunk.phones) - seen
                report = report.plus(chunk.counted(new - Suppression.among(account_id, list(new))), chunk.rejected)
                seen |= new
            return report
        with seen_by_all(caller, LocalFile(file_name, size, country), list_name=None) as begun:
            for chunk in read_suppressions(file, country):
                reject(chunk.rejected)
                report = report.plus(write_part(begun, chunk, read=position()), chunk.rejected)
                begun = replace(begun, next_line=chunk.next_line)
    if report.added:
        caller.note("suppressions.imported", account_id, account_id=account_id, added=report.added)
    _log(caller, report)
    return report


def export_suppressions(caller: Caller) -> Iterator[str]:
    """Returns all of the account's suppressions as CSV that `import_suppressions` takes back, in pieces."""
    return csv_lines(SuppressionLine._fields, Suppression.lines(caller.one_account()))


def _log(caller: Caller, report: SuppressionReport) -> None:
    counts = report.model_dump(include={"added", "known", "rejected"})
    log.info("suppressions.imported", account_id=str(caller.one_account()), **counts)
