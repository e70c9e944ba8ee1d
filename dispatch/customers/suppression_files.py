"""Files of numbers that an account must not message: CSV or a list in, CSV out, and back in."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple
from uuid import UUID

import structlog

from dispatch.accounts.accounts import account_with_id
from dispatch.caller import Caller
from dispatch.errors import InvalidRequest
from dispatch.formats.checks import checked_name
from dispatch.formats.csv_in import CsvFile, Rejected
from dispatch.formats.csv_out import csv_lines
from dispatch.formats.phone_text import InvalidPhone
from dispatch.formats.phones import normalise
from dispatch.formats.view import View
from models.customers.suppression import OPTED_OUT, Suppression, SuppressionLine
from models.database import db

LINES_PER_CHUNK = 5_000
# So many of the rejected lines are named in the report.
MAX_NAMED = 100

log = structlog.get_logger()


class RejectedLine(View):
    """A line whose number was not suppressed, and why."""

    line: int
    reason: str


class SuppressionReport(View):
    """What became of the lines: suppressed now, suppressed before, or rejected (the first hundred with the reason)."""

    added: int
    known: int
    rejected: int
    rejections: list[RejectedLine]


class Entry(NamedTuple):
    """One number that came in, as it was written, and why it is not to be messaged."""

    line: int
    phone: str
    reason: str


Entries = Iterator[Entry | Rejected]


def entries_of(phones: Iterable[str], reason: str = OPTED_OUT) -> Entries:
    """Returns the numbers of a list, all for one reason; they are counted from 1 as lines are."""
    reason = checked_name(reason, field="reason")
    return (Entry(line, phone, reason) for line, phone in enumerate(phones, start=1))


def entries_in_csv(lines: Iterable[str], mapping: Mapping[str, str] | None = None) -> Entries:
    """Returns the numbers of a CSV text with a column `phone` and an optional `reason`; refuses any other header."""
    file = CsvFile(lines, mapping=mapping)
    return (
        each
        if isinstance(each, Rejected)
        else Entry(each.line, each.cells["phone"], each.cells.get("reason") or OPTED_OUT)
        for each in file
    )


def import_suppressions(caller: Caller, entries: Entries, *, source: str = "import") -> SuppressionReport:
    """Suppresses every number that can be read, chunk by chunk; doing it again changes nothing."""
    account_id = caller.one_account()
    country = account_with_id(account_id).country
    added = known = rejected = 0
    named: list[RejectedLine] = []
    while chunk := list(islice(entries, LINES_PER_CHUNK)):
        checked = [_checked(entry, country) for entry in chunk]
        wrong = [each for each in checked if isinstance(each, Rejected)]
        # Of a phone that comes twice the last reason is kept.
        reasons = {each.phone: each.reason for each in checked if isinstance(each, Entry)}
        new = _add(caller, account_id, reasons, source)
        added += new
        known += len(checked) - len(wrong) - new
        rejected += len(wrong)
        named += [RejectedLine(line=each.line, reason=each.reason) for each in wrong[: MAX_NAMED - len(named)]]
    log.info("suppressions.imported", account_id=str(account_id), added=added, known=known, rejected=rejected)
    return SuppressionReport(added=added, known=known, rejected=rejected, rejections=named)


def export_suppressions(caller: Caller) -> Iterator[str]:
    """Returns all of the account's suppressions as CSV that `import_suppressions` takes back, in pieces."""
    return csv_lines(SuppressionLine._fields, Suppression.lines(caller.one_account()))


def _checked(entry: Entry | Rejected, country: str | None) -> Entry | Rejected:
    """Returns the entry with its phone in E.164, or why it cannot be suppressed."""
    if isinstance(entry, Rejected):
        return entry
    try:
        reason = checked_name(entry.reason, field="reason")
        return Entry(entry.line, normalise(entry.phone, country), reason)
    except InvalidPhone as invalid:
        return Rejected(entry.line, f"phone: {invalid.reason}")
    except InvalidRequest as refused:
        return Rejected(entry.line, refused.message)


def _add(caller: Caller, account_id: UUID, reasons: Mapping[str, str], source: str) -> int:
    with db.atomic():
        added = Suppression.add_many(account_id, list(reasons), list(reasons.values()), source=source)
        if added:
            caller.note("suppressions.imported", account_id, account_id=account_id, added=added)
    return added
