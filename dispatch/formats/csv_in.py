"""Reads customers from the CSV files that people have: any common delimiter, BOM, odd quotes, blank lines.

Each data line becomes one `Record` or one `Rejected`, in order, with the number that the line has in an editor (the
first is 1). Where records end, and what becomes of a broken one, is in `csv_records`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple, TextIO
from unicodedata import normalize

from dispatch.errors import InvalidRequest
from dispatch.formats.columns import MAX_NAME, attribute_of, column_name
from dispatch.formats.csv_out import plain_cell
from dispatch.formats.csv_records import (
    DELIMITERS,
    MAX_LINE,
    UNREADABLE,
    RawRecord,
    RecordReader,
    numbered_lines,
    split,
)

MAX_COLUMNS = 10_000
# Of a phone that is quoted in a report.
MAX_PHONE = 255


# Named tuples, because there is one for each line: making a frozen dataclass takes three times as long.
class Record(NamedTuple):
    """The cells of one line by column name, without surrounding spaces."""

    line: int
    cells: dict[str, str]


class Rejected(NamedTuple):
    """A line that cannot be imported, and why."""

    line: int
    reason: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """The column names in order ('' where a column has none, and is left out), and what separates them."""

    names: tuple[str, ...]
    delimiter: str


class CsvFile:
    """The records of a CSV text; InvalidRequest at once when its first line names no phone column.

    With the `next_line` of an earlier reader of the same text, it continues where that one stopped.
    """

    def __init__(self, lines: Iterable[str], *, next_line: int = 2) -> None:
        numbered = numbered_lines(lines)
        self.header = _read_header(next(numbered, (1, ""))[1])
        self._records = RecordReader(numbered, self.header.delimiter)
        #: The number of the first line that belongs to no record yet.
        self.next_line = next_line

    def __iter__(self) -> Iterator[Record | Rejected]:
        # Whether a line begins a record only the lines before it can say, so all are looked at again.
        begin = self.next_line
        for raw in self._records:
            if raw.line < begin:
                continue
            read = self._read(raw)
            if isinstance(read, Rejected) or any(read.cells.values()):
                self.next_line = raw.next_line
                yield read

    def _read(self, raw: RawRecord) -> Record | Rejected:
        if raw.values is None:
            return Rejected(raw.line, raw.reason)
        names, values = self.header.names, raw.values
        if len(values) > len(names) and any(value.strip() for value in values[len(names) :]):
            return Rejected(raw.line, f"{len(values)} values for {len(names)} columns")
        values += [""] * (len(names) - len(values))
        cells = {name: _text(value) for name, value in zip(names, values, strict=False) if name}
        if '"' in cells["phone"]:
            return Rejected(raw.line, "phone: contains a quotation mark", cells["phone"][:MAX_PHONE])
        return Record(raw.line, cells)


def _text(cell: str) -> str:
    text = plain_cell(cell.lstrip()).strip()
    return text if text.isascii() else normalize("NFC", text)


def open_csv(path: Path) -> TextIO:
    """Opens the file for `CsvFile`: without BOM, any line ending, what is not UTF-8 left to be rejected."""
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def lines_of(raw: IO[bytes]) -> Iterator[str]:
    """Yields the lines of bytes as `open_csv` does, but a line that is too long in pieces."""
    text = TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        while line := text.readline(MAX_LINE):
            yield line
    finally:
        # When it is garbage-collected it would also close the bytes, which are not ours.
        if not raw.closed:
            text.detach()


def _read_header(text: str) -> Header:
    if len(text) >= MAX_LINE:
        raise InvalidRequest(f"The first line is longer than {MAX_LINE:,} characters; is this a CSV file?")
    for delimiter in DELIMITERS:
        names = [column_name(plain_cell(value)) for value in split(text, delimiter) or []]
        if "phone" in names:
            return _checked(Header(tuple(names), delimiter))
    if UNREADABLE.search(text):
        raise InvalidRequest("The file is not UTF-8 text; save it as 'CSV UTF-8' and try again.")
    found = text.strip()[:100] or "nothing"
    raise InvalidRequest(f"The first line must name the columns, one of them phone; it has: {found}")


def _checked(header: Header) -> Header:
    named = [name for name in header.names if name]
    if len(named) > MAX_COLUMNS:
        raise InvalidRequest(f"The first line names {len(named)} columns; at most {MAX_COLUMNS:,} can be imported.")
    if long := [name for name in named if len(name) > MAX_NAME and attribute_of(name) == name]:
        raise InvalidRequest(f"A column has a name of more than {MAX_NAME} characters: {long[0][:40]}…")
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise InvalidRequest(f"The first line names a column twice: {', '.join(twice)}.")
    if any(UNREADABLE.search(name) for name in named):
        raise InvalidRequest("The first line is not UTF-8 text; save the file as 'CSV UTF-8' and try again.")
    return header


def chunks(file: Iterable[Record | Rejected], size: int) -> Iterator[list[Record | Rejected]]:
    """Yields the file in lists of at most `size`, read as they are asked for."""
    rest = iter(file)
    while chunk := list(islice(rest, size)):
        yield chunk
