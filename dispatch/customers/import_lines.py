"""Reads the lines of a file of customers: each becomes a customer that can be written, or is rejected."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from dispatch.customers.attribute_limits import problem_of
from dispatch.customers.said_elsewhere import opted_out_in, question, watched
from dispatch.formats import consents
from dispatch.formats.checks import control_in
from dispatch.formats.columns import OWN, attribute_of, is_attribute, value_of
from dispatch.formats.csv_in import CsvFile, Place, Record, Rejected
from dispatch.formats.dates import AmbiguousDate
from dispatch.formats.phone_text import InvalidPhone
from dispatch.formats.phones import read_phone, readings_of
from models.customers.customer import CONSENTS, FILE_COLUMNS, MAX_ATTRIBUTE, MAX_TEXT, TEXT_COLUMNS
from models.customers.upsert import CustomerToWrite
from scheduling.zones import zone_in_any_case

# A line that says unsubscribed opts its customer out for good; one that says subscribed opts no one in again. One that
# says suppressed leaves the consent as it is. One of a person who was not asked makes an unsubscribed customer, and
# leaves the consent of one who is there.
CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of some lines: a new phone, one known before, one that came before in the file, or rejected."""

    imported: int
    updated: int
    repeated: int
    rejected: int
    #: How many of those that were not rejected have which kind of number.
    phone_types: Mapping[str, int]
    #: Lines of opt-outs whose number has two readings, both of which are suppressed.
    ambiguous: int = 0
    #: Lines whose person was not asked for consent, or has not answered; they are counted above too.
    not_asked: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some lines of the file, read and checked: their customers, no phone twice, and the lines that are rejected."""

    customers: list[CustomerToWrite]
    opted_out: list[str]
    #: Numbers that are only suppressed, and those of rejected lines that say unsubscribed, in each of their readings.
    not_to_message: list[str]
    ambiguous: int
    not_asked: int
    rejected: list[Rejected]
    columns: list[str]
    attributes: list[str]
    phone_types: dict[str, int]
    lines: int
    next_line: int
    place: Place

    def counted(self, *, new: int, repeated: int) -> Counts:
        """Returns what became of its lines, of whose phones so many were new or had come in an earlier chunk."""
        within = self.lines - len(self.rejected) - len(self.customers)
        updated = len(self.customers) - new - repeated
        return Counts(
            new, updated, within + repeated, len(self.rejected), self.phone_types, self.ambiguous, self.not_asked
        )


class ChunkReader:
    """Collects the records of a chunk of the file, each checked."""

    def __init__(self, file: CsvFile, country: str | None) -> None:
        self._file = file
        self._country = country
        self._columns = [name for name in file.header.names if name in FILE_COLUMNS]
        self._watched = watched(file.header)
        self._attributes = [attribute_of(name) for name in file.header.names if is_attribute(name)]
        self._begin()

    def _begin(self) -> None:
        self._customers: dict[str, CustomerToWrite] = {}
        self._opted_out: list[str] = []
        self._not_to_message: dict[str, None] = {}
        self._ambiguous = self._not_asked = 0
        self._rejected: list[Rejected] = []
        self._phone_types = Counter[str]()
        self._lines = 0

    def add(self, record: Record | Rejected) -> None:
        """Checks one more record."""
        self._lines += 1
        if isinstance(record, Rejected):
            self._rejected.append(record)
            return
        if said := opted_out_in(record, self._watched):
            self._reject(record, Rejected(record.line, question(said)))
            return
        result = _customer(record, self._country)
        if isinstance(result, Rejected):
            self._reject(record, result)
            return
        # Of a person who was not in the table the first line decides, as it does when the lines come in two chunks.
        before = self._customers.get(result.phone)
        self._customers[result.phone] = result._replace(consent=before.consent) if before else result
        self._phone_types[result.phone_type] += 1
        match _said(record):
            case consents.UNSUBSCRIBED:
                self._opted_out.append(result.phone)
            case consents.SUPPRESSED:
                self._not_to_message[result.phone] = None
            case consents.NOT_ASKED:
                self._not_asked += 1

    def _reject(self, record: Record, rejected: Rejected) -> None:
        # Whatever is wrong with the line, its person is not to be messaged, whichever of two numbers is theirs.
        said = _said(record)
        if said in (consents.UNSUBSCRIBED, consents.SUPPRESSED) and (readings := _readings(record, self._country)):
            self._not_to_message |= dict.fromkeys(readings)
            self._ambiguous += len(readings) > 1
            both = "both are suppressed" if len(readings) > 1 else "the number is suppressed"
            rejected = rejected._replace(reason=f"{rejected.reason}; it says {said}, so {both}")
        self._rejected.append(rejected._replace(values=record.values))

    def take(self) -> Chunk:
        """Returns what was collected, and begins the next chunk."""
        chunk = Chunk(
            list(self._customers.values()),
            self._opted_out,
            list(self._not_to_message),
            self._ambiguous,
            self._not_asked,
            self._rejected,
            self._columns,
            self._attributes,
            dict(self._phone_types),
            lines=self._lines,
            next_line=self._file.next_line,
            place=self._file.place,
        )
        self._begin()
        return chunk


def _said(record: Record) -> str:
    return record.cells.get(CONSENT, "")


def _readings(record: Record, country: str | None) -> tuple[str, ...]:
    phone = record.cells["phone"]
    try:
        return readings_of(phone, country) if len(phone) <= MAX_TEXT else ()
    except InvalidPhone:
        return ()


def _customer(record: Record, country: str | None) -> CustomerToWrite | Rejected:
    cells = record.cells
    phone = cells["phone"]
    for name, value in cells.items():
        limit = MAX_TEXT if name in OWN else MAX_ATTRIBUTE
        if len(value) > limit and not name.startswith("json:"):
            return Rejected(record.line, f"{name} is longer than {limit} characters")
        if name in TEXT_COLUMNS and (control := control_in(value)):
            return Rejected(record.line, f"{name} has a control character ({control})")
    if _said(record) not in ("", *CONSENTS, consents.SUPPRESSED, consents.NOT_ASKED):
        return Rejected(record.line, f"{CONSENT} is unsubscribed or subscribed, or yes or no")
    zone = zone_in_any_case(cells["zone"]) if cells.get("zone") else None
    if cells.get("zone") and zone is None:
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
        "unsubscribed" if _said(record) == consents.NOT_ASKED else "subscribed",
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
    if too_much := problem_of(attributes):
        return Rejected(record.line, f"attributes: {too_much}")
    return attributes
