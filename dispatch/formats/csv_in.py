"""Reads customers from the CSV files that people have: any common delimiter, BOM, odd quotes, blank lines.

Each data line becomes one `Record` or one `Rejected`, in order, with the number that the line has in an editor (the
first is 1). Where records end, and what becomes of a broken one, is in `csv_records`; what columns are, in `headers`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import TextIOWrapper
from typing import IO, NamedTuple

from dispatch.counting import counted
from dispatch.formats.columns import IGNORED, REJECTED_TEXT
from dispatch.formats.composing import normal
from dispatch.formats.consents import consent_said, meaning_of
from dispatch.formats.csv_out import plain_cell
from dispatch.formats.csv_records import MAX_LINE, NumberedLines, RawRecord, ReaderState, RecordReader
from dispatch.formats.encodings import UTF_8, encoding_of
from dispatch.formats.headers import read_header
from dispatch.formats.line_breaks import LineBreaks, State

_WRAPPED = re.compile(r'^=?"([^"]*)"$')
_CUT = (
    "looks like the rest of the line before, which lacks columns: put a cell with a line break in quotation marks, "
    "or write all columns on every line"
)


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


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file a reader is between two steps, for one that continues there; JSON can hold its fields."""

    #: The number of the line that is read next.
    line: int
    record: ReaderState | None = None
    line_breaks: State = (0, False, False)


class CsvFile:
    """The records of a CSV text; InvalidRequest at once when its first line names no phone column.

    `mapping` says which of its names is which column, if its own do not. Of numbers to suppress, which are a file
    `of_opt_outs`, no column is a consent. With the `next_line` of an earlier reader of
    the same text it continues where that one stopped, and `go_on` does so without reading what is before.
    """

    def __init__(
        self,
        lines: Iterable[str],
        *,
        next_line: int = 2,
        mapping: Mapping[str, str] | None = None,
        of_opt_outs: bool = False,
    ) -> None:
        self._lines = lines
        self._numbered = NumberedLines(lines)
        self.header = read_header(self._numbered, mapping, of_opt_outs=of_opt_outs)
        # Those of an earlier import's rejected lines, once these are repaired, mean nothing.
        self._own = [place for place, name in enumerate(self.header.names) if name not in IGNORED]
        consent = dict(zip(self.header.names, self.header.cells, strict=True)).get("consent", "")
        self._has_consent = "consent" in self.header.names
        self._opts_out = (meaning := meaning_of(consent)) is not None and meaning.opts_out
        self._records = RecordReader(self._numbered, self.header.delimiter)
        self._line_breaks = LineBreaks(len(self.header.names))
        self._begin = next_line
        # The last line of a text may lack its end.
        self._after = next_line

    def go_on(self, place: Place) -> None:
        """Continues at a place that another reader had come to; the text, too, is to continue there."""
        self._numbered = NumberedLines(self._lines, place.line)
        self._records = RecordReader(self._numbered, self.header.delimiter, place.record)
        self._line_breaks = LineBreaks(len(self.header.names), place.line_breaks)
        self._begin = place.line

    @property
    def place(self) -> Place:
        """Returns where it is, for a reader that continues there."""
        return Place(self._numbered.line, self._records.state, self._line_breaks.state)

    @property
    def next_line(self) -> int:
        """Returns the number of the line that is read next."""
        return max(self._numbered.line, self._begin, self._after)

    @property
    def characters(self) -> int:
        """Returns how many characters were read."""
        return self._numbered.characters

    @property
    def columns(self) -> list[str]:
        """Returns the cells of the header that name columns, as they stand there."""
        return [self.header.cells[place] for place in self._own]

    def __iter__(self) -> Iterator[Record | Rejected]:
        while (some := self.read()) is not None:
            yield from some

    def read(self) -> Sequence[Record | Rejected] | None:
        """Returns the next record, or what there is of a broken or blank one; None at the end of the file."""
        found = self._records.read()
        if found is None:
            return None
        self._after = found[-1].next_line if found else self._after
        # Whether a line begins a record only the lines before it can say, so all are looked at again.
        return [each for raw in found if raw.line >= self._begin and (each := self._read(raw))]

    def _read(self, raw: RawRecord) -> Record | Rejected | None:
        if raw.values is None:
            return Rejected(raw.line, raw.reason, text=raw.text.rstrip("\r\n"))
        names, values = self.header.names, raw.values
        if not any(map(str.strip, values)):
            return None
        is_a_rest = self._line_breaks.is_a_rest(len(values))
        if len(values) > len(names) and any(value.strip() for value in values[len(names) :]):
            reason = f"{len(values)} values for {counted(len(names), 'column')}"
            return Rejected(raw.line, reason, text=raw.text.rstrip("\r\n"))
        # Columns that the line does not have cost nothing.
        own = [values[place] for place in self._own if place < len(values)]
        if REJECTED_TEXT in names and not any(map(str.strip, own)):
            text = plain_cell("".join(values[names.index(REJECTED_TEXT) :][:1]))
            return Rejected(raw.line, "not repaired: its text is to be split into columns", own, text)
        cells = {names[place]: _text(value) for place, value in zip(self._own, own, strict=False) if names[place]}
        if not any(cells.values()):
            return None
        if self._has_consent:
            cells["consent"] = consent_said(cells.get("consent", ""), opts_out=self._opts_out)
        if is_a_rest:
            return Rejected(raw.line, _CUT, own)
        # Spreadsheets are told by ="…" that digits are a text; a mark without the other is what a broken record leaves.
        cells["phone"] = _WRAPPED.sub(r"\1", cells.get("phone", ""))
        if '"' in cells["phone"]:
            return Rejected(raw.line, "phone: contains a quotation mark", own)
        return Record(raw.line, cells, own)


def _text(cell: str) -> str:
    text = plain_cell(cell.lstrip()).strip()
    return normal("NFC", text)


def checked_lines(raw: IO[bytes], encoding: str | None = None, *, country: str | None = None) -> Iterator[str]:
    """Returns the lines of a file that can be read twice, if the whole of it is text in one encoding.

    InvalidRequest if it is not, or if only the caller can know the encoding, which is guessed with the `country` in
    mind; then nothing of it is read.
    """
    return lines_of(raw, encoding_of(raw, encoding, country=country))


def lines_of(raw: IO[bytes], encoding: str = UTF_8) -> Iterator[str]:
    """Yields the lines of the bytes with any line ending, a line that is too long in pieces."""
    text = text_of(raw, encoding)
    try:
        yield from pieces_of(text)
    finally:
        # When it is garbage-collected it would also close the bytes, which are not ours.
        if not raw.closed:
            text.detach()


def text_of(raw: IO[bytes], encoding: str) -> TextIOWrapper:
    """Returns the bytes as text of which no character changes, not even one that is wrong."""
    return TextIOWrapper(raw, encoding=encoding, errors="surrogateescape", newline="")


def pieces_of(text: TextIOWrapper) -> Iterator[str]:
    """Yields the lines of the text, one that is too long in pieces; in between, the text may be told and sought."""
    while line := text.readline(MAX_LINE):
        yield line
