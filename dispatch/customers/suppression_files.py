"""Files of numbers that must not be messaged: CSV or a list in, CSV out, and out again in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from dispatch.accounts.accounts import account_with_id
from dispatch.caller import Caller
from dispatch.errors import InvalidRequest
from dispatch.formats.checks import checked_name
from dispatch.formats.csv_in import CsvFile, Rejected
from dispatch.formats.csv_out import csv_lines
from dispatch.formats.phones import InvalidPhone, normalise
from models.customer import OPTED_OUT, Suppression
from models.database import db, rows

CHUNK = 5_000
# Of the lines that were rejected, as many are named.
MOST_REJECTED = 100
COLUMNS = ("phone", "reason", "source", "created_at")

log = structlog.get_logger()


@dataclass
class SuppressionReport:
    """What became of the lines: suppressed now, suppressed before, or rejected (the first of them with the reason)."""

    added: int = 0
    known: int = 0
    rejected: int = 0
    rejections: list[dict[str, Any]] = field(default_factory=list)


class Wish(NamedTuple):
    """One number that came in, as it was written, and why it is not to be messaged."""

    line: int
    phone: str
    reason: str


Wishes = Iterator[Wish | Rejected]


def wishes_for(phones: Iterable[str], reason: str = OPTED_OUT) -> Wishes:
    """The numbers of a list, all for one reason; they are counted from 1 as lines are."""
    reason = checked_name(reason, field="reason")
    return (Wish(line, phone, reason) for line, phone in enumerate(phones, start=1))


def wishes_in_csv(lines: Iterable[str]) -> Wishes:
    """The numbers of a CSV text with a column phone and, if it likes, one called reason; refuses another header."""
    file = CsvFile(lines)
    return (
        each
        if isinstance(each, Rejected)
        else Wish(each.line, each.cells["phone"], each.cells.get("reason") or OPTED_OUT)
        for each in file
    )


def import_suppressions(caller: Caller, wishes: Wishes, *, source: str = "import") -> SuppressionReport:
    """Suppresses every number that can be read, chunk by chunk; doing it again changes nothing."""
    account_id = caller.one_account()
    country = account_with_id(account_id)["country"]
    report = SuppressionReport()
    while chunk := list(islice(wishes, CHUNK)):
        wanted: dict[str, str] = {}
        readable = sum(_judge(wish, country, wanted, report) for wish in chunk)
        with db.atomic():
            added = Suppression.add_many(account_id, list(wanted), list(wanted.values()), source=source)
            if added:
                caller.note("suppressions.imported", account_id, account_id=account_id, added=added)
        report.added += added
        report.known += readable - added
    log.info(
        "suppressions.imported",
        account_id=str(account_id),
        added=report.added,
        known=report.known,
        rejected=report.rejected,
    )
    return report


def export_suppressions(caller: Caller) -> Iterator[str]:
    """All of the account's suppressions as CSV that `import_suppressions` takes back, in pieces."""
    return csv_lines(COLUMNS, _all_of(caller.one_account()))


def _all_of(account_id: UUID) -> Iterator[list[Any]]:
    # A statement for each page: a reader that is slow, or gone, must not keep a transaction open.
    after = 0
    while found := rows(
        f"SELECT id, {', '.join(COLUMNS)} FROM suppression WHERE account_id = %s AND id > %s ORDER BY id LIMIT %s",
        [account_id, after, CHUNK],
    ):
        yield from ([each[name] for name in COLUMNS] for each in found)
        after = found[-1]["id"]


def _judge(wish: Wish | Rejected, country: str | None, wanted: dict[str, str], report: SuppressionReport) -> bool:
    """Adds the wish to those wanted (True) or to the rejected (False)."""
    if isinstance(wish, Rejected):
        problem = wish.reason
    else:
        try:
            wanted[normalise(wish.phone, country)] = checked_name(wish.reason, field="reason")
            return True
        except InvalidPhone as invalid:
            problem = f"phone: {invalid.reason}"
        except InvalidRequest as refused:
            problem = refused.message
    report.rejected += 1
    if len(report.rejections) < MOST_REJECTED:
        report.rejections.append({"line": wish.line, "reason": problem})
    return False
