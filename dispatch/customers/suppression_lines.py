"""Reads lines of numbers that must not be messaged, and suppresses them, chunk by chunk.

A number without a country code may have two readings that are both valid. Of a person who has opted out it is safest to
suppress both: one of the two is theirs, and a customer with the other one can be let in again by hand.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from dispatch.customers.import_lines import Counts
from dispatch.errors import InvalidRequest
from dispatch.formats.checks import checked_name
from dispatch.formats.csv_in import CsvFile, Place, Rejected
from dispatch.formats.phone_text import InvalidPhone
from dispatch.formats.phones import readings_of
from dispatch.formats.portions import END, Portion, in_portions
from models.customers.customer import MAX_TEXT
from models.customers.import_states import RunningImport
from models.customers.import_trials import seen_first
from models.customers.suppression import OPTED_OUT, Suppression

LINES_PER_CHUNK = 5_000


class Entry(NamedTuple):
    """A line that was read: its number, in each of its readings, and why it is not to be messaged."""

    phones: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class SuppressionChunk:
    """Some lines, read and checked; the numbers of those that can be suppressed, and the others."""

    entries: list[Entry]
    rejected: list[Rejected]
    next_line: int
    place: Place

    @property
    def phones(self) -> list[str]:
        """Returns the numbers, none twice."""
        return list({phone for entry in self.entries for phone in entry.phones})

    def counted(self, new: set[str]) -> Counts:
        """Returns what became of the lines: imported if one of its numbers is among the new ones, updated if known."""
        left = set(new)
        imported = 0
        for entry in self.entries:
            if not left.isdisjoint(entry.phones):
                imported += 1
                left.difference_update(entry.phones)
        ambiguous = sum(len(entry.phones) > 1 for entry in self.entries)
        return Counts(imported, len(self.entries) - imported, 0, len(self.rejected), {}, ambiguous)


class SuppressionReader:
    """Collects lines of a chunk, each checked."""

    def __init__(self, country: str | None) -> None:
        self._country = country
        self._entries: list[Entry] = []
        self._rejected: list[Rejected] = []

    def add(self, line: int, phone: str, reason: str, values: Sequence[str] = ()) -> None:
        """Checks one more line; `values` are all that it has."""
        try:
            if len(phone) > MAX_TEXT:
                raise InvalidPhone(f"longer than {MAX_TEXT} characters")
            self._entries.append(Entry(readings_of(phone, self._country), checked_name(reason, field="reason")))
        except InvalidPhone as invalid:
            self.reject(Rejected(line, f"phone: {invalid.reason}", values))
        except InvalidRequest as refused:
            self.reject(Rejected(line, refused.message, values))

    def reject(self, rejected: Rejected) -> None:
        """Takes a line that cannot be read."""
        self._rejected.append(rejected)

    def take(self, next_line: int, place: Place) -> SuppressionChunk:
        """Returns what was collected, and begins the next chunk."""
        chunk = SuppressionChunk(self._entries, self._rejected, next_line, place)
        self._entries, self._rejected = [], []
        return chunk


def read_suppressions(
    file: CsvFile, country: str | None, *, clock: Callable[[], float] = time.monotonic
) -> Iterator[SuppressionChunk]:
    """Yields the rest of a file with a column `phone` and perhaps `reason`, chunk by chunk; nothing is written."""
    reader = SuppressionReader(country)
    for each in in_portions(file, Portion(LINES_PER_CHUNK, clock=clock)):
        if each is END:
            yield reader.take(file.next_line, file.place)
        elif isinstance(each, Rejected):
            reader.reject(each)
        else:
            reader.add(each.line, each.cells["phone"], each.cells.get("reason") or OPTED_OUT, each.values)


def suppress(account_id: UUID, chunk: SuppressionChunk, source: str) -> Counts:
    """Suppresses the chunk's numbers, each for its strongest reason; returns what became of the lines."""
    phones: list[str] = []
    reasons: list[str] = []
    for entry in chunk.entries:
        phones += entry.phones
        reasons += [entry.reason] * len(entry.phones)
    return chunk.counted(Suppression.add_many(account_id, phones, reasons, source=source))


def try_suppressions(begun: RunningImport, chunk: SuppressionChunk) -> Counts:
    """Returns what would become of the lines."""
    first = seen_first(begun.id, chunk.phones)
    return chunk.counted(first - Suppression.among(begun.account_id, list(first)))
