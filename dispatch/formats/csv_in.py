"""Reads customers from the CSV files that people have: any common delimiter, BOM, odd quotes, blank lines.

Each data line becomes one `Record` or one `Rejected`, in order, with the number that the line has in an editor (the
first is 1). Where records end, and what becomes of a broken one, is in `csv_records`; what columns are, in `headers`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from itertools import islice
from typing import IO, NamedTuple
from unicodedata import normalize

from dispatch.formats.columns import IGNORED, REJECTED_TEXT
from dispatch.formats.csv_out import plain_cell
from dispatch.formats.csv_records import MAX_LINE, RawRecord, RecordReader, numbered_lines
from dispatch.formats.encodings import UTF_8, encoding_of
from dispatch.formats.headers import read_header


# Named tuples, because there is one for each line: making a frozen dataclass takes three times as long.
class Record(NamedTuple):
    """The cells of one line by column name, without surrounding spaces; and all of them in order, as they stood."""

    line: int
    cells: dict[str, str]
    values: Sequence[str] = ()


class Rejected(NamedTuple):
    """A line that cannot be imported, and why: its values, or its text if it cannot be split into those."""

    line: int
    reason: str
    values: Sequence[str] = ()
    text: str = ""


class CsvFile:
    """The records of a CSV text; InvalidRequest at once when its first line names no phone column.

    `mapping` says which of its names is which column, if its own do not. With the `next_line` of an earlier reader of
    the same text, it continues where that one stopped.
    """

    def __init__(self, lines: Iterable[str], *, next_line: int = 2, mapping: Mapping[str, str] | None = None) -> None:
        numbered = numbered_lines(lines)
        self.header = read_header(numbered, mapping)
        # Those of an earlier import's rejected lines, once these are repaired, mean nothing.
        self._own = [place for place, name in enumerate(self.header.names) if name not in IGNORED]
        self._records = RecordReader(numbered, self.header.delimiter)
        #: The number of the first line that belongs to no record yet.
        self.next_line = next_line

    @property
    def columns(self) -> list[str]:
        """Returns the cells of the header that name columns, as they stand there."""
        return [self.header.cells[place] for place in self._own]

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
            return Rejected(raw.line, raw.reason, text=raw.text.rstrip("\r\n"))
        names, values = self.header.names, raw.values
        if len(values) > len(names) and any(value.strip() for value in values[len(names) :]):
            reason = f"{len(values)} values for {len(names)} columns"
            return Rejected(raw.line, reason, text=raw.text.rstrip("\r\n"))
        values += [""] * (len(names) - len(values))
        own = [values[place] for place in self._own]
        if REJECTED_TEXT in names and not any(map(str.strip, own)):
            text = plain_cell(values[names.index(REJECTED_TEXT)])
            return Rejected(raw.line, "not repaired: its text is to be split into columns", own, text)
        cells = {names[place]: _text(value) for place, value in zip(self._own, own, strict=True) if names[place]}
        if '"' in cells["phone"]:
            return Rejected(raw.line, "phone: contains a quotation mark", own)
        return Record(raw.line, cells, own)


def _text(cell: str) -> str:
    text = plain_cell(cell.lstrip()).strip()
    return text if text.isascii() else normalize("NFC", text)


def checked_lines(raw: IO[bytes], encoding: str | None = None) -> Iterator[str]:
    """Returns the lines of a file that can be read twice, if the whole of it is text in one encoding.

    InvalidRequest if it is not, or if only the caller can know the encoding; then nothing of it is read.
    """
    return lines_of(raw, encoding_of(raw, encoding))


def lines_of(raw: IO[bytes], encoding: str = UTF_8) -> Iterator[str]:
    """Yields the lines of the bytes with any line ending, a line that is too long in pieces."""
    text = TextIOWrapper(raw, encoding=encoding, errors="surrogateescape", newline="")
    try:
        while line := text.readline(MAX_LINE):
            yield line
    finally:
        # When it is garbage-collected it would also close the bytes, which are not ours.
        if not raw.closed:
            text.detach()


def chunks(file: Iterable[Record | Rejected], size: int) -> Iterator[list[Record | Rejected]]:
    """Yields the file in lists of at most `size`, read as they are asked for."""
    rest = iter(file)
    while chunk := list(islice(rest, size)):
        yield chunk
