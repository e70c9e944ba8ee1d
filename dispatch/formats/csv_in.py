"""Reads customers from the CSV files that people have: any common delimiter, BOM, odd quotes, blank lines.

Each data line becomes one `Record` or one `Rejected`, in order, with the number that the line has in an editor (the
first is 1). A damaged line costs itself and nothing else: csv.reader alone would let one stray quote swallow thousands
of lines up to the next.
"""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple, TextIO

from dispatch.errors import InvalidRequest
from dispatch.formats.csv_out import plain_cell

DELIMITERS = ",;\t|"
MAX_COLUMNS = 100
MAX_LINE = 200_000
MAX_LINES_PER_RECORD = 20

_UNREADABLE = re.compile("[\0\ud800-\udfff]")


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
        self._numbered = enumerate(lines, start=1)
        self._waiting: deque[tuple[int, str]] = deque()
        self.header = _read_header(next(self._numbered, (1, ""))[1])
        deque(islice(self._numbered, next_line - 2), maxlen=0)
        self._read = next_line - 1

    @property
    def next_line(self) -> int:
        """The number of the first line that belongs to no record yet."""
        return self._waiting[0][0] if self._waiting else self._read + 1

    def __iter__(self) -> Iterator[Record | Rejected]:
        while (numbered := self._next()) is not None:
            line, text = numbered
            cells = self._cells(line, text)
            if isinstance(cells, Rejected):
                yield cells
            elif any(cells.values()):
                yield Record(line, cells)

    def _next(self) -> tuple[int, str] | None:
        if self._waiting:
            return self._waiting.popleft()
        if (numbered := next(self._numbered, None)) is not None:
            self._read = numbered[0]
        return numbered

    def _cells(self, line: int, text: str) -> dict[str, str] | Rejected:
        if found := _UNREADABLE.search(text):
            return Rejected(line, "contains a NUL character" if found[0] == "\0" else "not UTF-8")
        if len(text) >= MAX_LINE:
            return Rejected(line, f"longer than {MAX_LINE:,} characters")
        values = _split(text, self.header.delimiter)
        if values is None:
            values = self._joined(text)
        if values is None:
            return Rejected(line, "a quotation mark is not closed, or text follows a closed one")
        names = self.header.names
        if len(values) > len(names) and any(value.strip() for value in values[len(names) :]):
            return Rejected(line, f"{len(values)} values for {len(names)} columns")
        values += [""] * (len(names) - len(values))
        return {name: plain_cell(value.strip()) for name, value in zip(names, values, strict=False) if name}

    def _joined(self, text: str) -> list[str] | None:
        """Returns the values of a record that continues on the next lines; None, and those stay unread, otherwise."""
        taken: list[tuple[int, str]] = []
        while len(taken) < MAX_LINES_PER_RECORD and (following := self._next()) is not None:
            taken.append(following)
            if len(following[1]) >= MAX_LINE or _UNREADABLE.search(following[1]):
                break
            text += following[1]
            values = _split(text, self.header.delimiter)
            if values is not None and len(values) == len(self.header.names):
                return values
        self._waiting.extendleft(reversed(taken))
        return None


def open_csv(path: Path) -> TextIO:
    """Opens the file for `CsvFile`: without BOM, any line ending, what is not UTF-8 left to be rejected."""
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


def lines_of(raw: IO[bytes]) -> Iterator[str]:
    """Yields the lines of bytes as `open_csv` does, but of a line that is too long only enough to reject it."""
    text = TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        while line := text.readline(MAX_LINE):
            yield line
            while len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
                line = text.readline(MAX_LINE)
    finally:
        # When it is garbage-collected it would also close the bytes, which are not ours.
        if not raw.closed:
            text.detach()


def _read_header(text: str) -> Header:
    if len(text) >= MAX_LINE:
        raise InvalidRequest(f"The first line is longer than {MAX_LINE:,} characters; is this a CSV file?")
    for delimiter in DELIMITERS:
        names = [_column_name(value) for value in _split(text, delimiter) or []]
        if "phone" in names:
            return _checked(Header(tuple(names), delimiter))
    if _UNREADABLE.search(text):
        raise InvalidRequest("The file is not UTF-8 text; save it as 'CSV UTF-8' and try again.")
    found = text.strip()[:100] or "nothing"
    raise InvalidRequest(f"The first line must name the columns, one of them phone; it has: {found}")


def _column_name(value: str) -> str:
    name = re.sub(r"[\s-]+", "_", plain_cell(value.strip()).lower())
    return "prefered_product" if name == "preferred_product" else name


def _checked(header: Header) -> Header:
    named = [name for name in header.names if name]
    if len(named) > MAX_COLUMNS or any(len(name) > MAX_COLUMNS for name in named):
        raise InvalidRequest(f"At most {MAX_COLUMNS} columns, each named in at most {MAX_COLUMNS} characters.")
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise InvalidRequest(f"The first line names a column twice: {', '.join(twice)}.")
    if any(_UNREADABLE.search(name) for name in named):
        raise InvalidRequest("The first line is not UTF-8 text; save the file as 'CSV UTF-8' and try again.")
    return header


def _split(text: str, delimiter: str) -> list[str] | None:
    if '"' not in text:
        return text.rstrip("\r\n").split(delimiter)
    try:
        # A list of one line: an open quote ends the record here instead of eating the file.
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def chunks(file: Iterable[Record | Rejected], size: int) -> Iterator[list[Record | Rejected]]:
    """Yields the file in lists of at most `size`, read as they are asked for."""
    rest = iter(file)
    while chunk := list(islice(rest, size)):
        yield chunk
