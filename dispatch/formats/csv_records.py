"""Finds where each record of a CSV text begins and ends, and splits it into values.

The quotation marks decide (RFC 4180). One that begins a cell opens it, and the cell then goes on, over any number of
lines, to the mark that comes before a delimiter or the end of a line. A record has values only if it is written that
way, with the marks inside a cell doubled. Any other is broken, and all its lines with it, up to the line on which the
open cell ends or to the end of the text: nothing that may belong to a broken record is ever read as another record.

A cell that was never closed would go on to the mark that opens another. So in a cell of several lines a mark right
after a delimiter ends nothing: the record is broken. `csv_out` writes a space behind such a delimiter.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from dispatch.formats.csv_scan import Scan

# More than the attributes that one request can write take as JSON between quotation marks.
MAX_LINE = 2_000_000
MAX_LINES_PER_RECORD = 100

UNREADABLE = re.compile("[\0\ud800-\udfff]")


# Of a broken record that goes on: its first line, why it is broken, the last line told, and the state of its scan.
ReaderState = tuple[int, str, int, str, bool, bool]


class RawRecord(NamedTuple):
    """The values of a record; or None, and why, for each line of a broken one. `next_line` is the line after it."""

    line: int
    next_line: int
    text: str
    values: list[str] | None
    reason: str = ""


class Broken(NamedTuple):
    """A record that cannot be read, while its lines go on: its first line, why, and the last line that was told."""

    first: int
    reason: str
    told: int
    scan: Scan


class NumberedLines:
    """The pieces of a text with the number that each one's line has in an editor; the first is 1.

    `line` is the number of the next piece, and `characters` how many were read.
    """

    def __init__(self, pieces: Iterable[str], line: int = 1) -> None:
        self._pieces = iter(pieces)
        self.line = line
        self.characters = 0

    def __iter__(self) -> "NumberedLines":
        return self

    def __next__(self) -> tuple[int, str]:
        piece = next(self._pieces)
        line = self.line
        self.characters += len(piece)
        if piece.endswith(("\n", "\r")):
            self.line += 1
        return line, piece


class RecordReader:
    """The records of a text whose delimiter is known, in order; it comes in pieces of whole lines or parts of lines.

    With the `state` of another reader of the text that had come as far, it continues there.
    """

    def __init__(self, numbered: Iterator[tuple[int, str]], delimiter: str, state: ReaderState | None = None) -> None:
        self._numbered = numbered
        self._delimiter = delimiter
        self._broken: Broken | None = None
        if state:
            first, reason, told, at, spans_lines, may_open = state
            self._broken = Broken(first, reason, told, Scan(delimiter, (at, spans_lines, may_open)))

    @property
    def state(self) -> ReaderState | None:
        """Returns the broken record that goes on, for a reader that continues here; None between two records."""
        if self._broken is None:
            return None
        first, reason, told, scan = self._broken
        return (first, reason, told, *scan.state)

    def read(self) -> Sequence[RawRecord] | None:
        """Returns the next record, or the next lines of a broken one; None at the end.

        It reads at most the lines that one record may have.
        """
        if (found := next(self._numbered, None)) is None:
            return None
        line, text = found
        if self._broken:
            return self._tell_broken([(line, text)], self._broken)
        values = None if problem_of(text) else split(text, self._delimiter)
        if values is not None:
            return (RawRecord(line, line + 1, text, values),)
        return self._of_several_lines(line, text)

    def _of_several_lines(self, first: int, text: str) -> Sequence[RawRecord]:
        scan, reason = Scan(self._delimiter), ""
        taken: list[tuple[int, str]] = []
        line, size = first, 0
        while True:
            taken.append((line, text))
            size += len(text)
            if reason := problem_of(text) or _too_large(size, line - first + 1):
                break
            scan.feed(text)
            if scan.ended or (following := next(self._numbered, None)) is None:
                return self._finished(taken, scan)
            line, text = following
        scan.feed(text)
        broken = Broken(first, reason, 0, scan)
        return self._tell_broken(taken, broken, fed=True)

    def _tell_broken(self, lines: list[tuple[int, str]], broken: Broken, *, fed: bool = False) -> list[RawRecord]:
        first, reason, told, scan = broken
        rejected = []
        for number, text in lines:
            if not fed:
                scan.feed(text)
            # A line that is too long comes in several pieces.
            if number > told and text.strip():
                told = number
                rejected.append(RawRecord(number, number + 1, text, None, _reason(reason, number, first)))
        self._broken = None if scan.ended else Broken(first, reason, told, scan)
        return rejected

    def _finished(self, taken: list[tuple[int, str]], scan: Scan) -> list[RawRecord]:
        (first, _), (last, _) = taken[0], taken[-1]
        joined = "".join(text for _, text in taken)
        values = None if scan.broken or scan.is_open else split(joined, self._delimiter)
        if values is not None:
            return [RawRecord(first, last + 1, joined, values)]
        problem = "text follows a closed quotation mark" if scan.broken else "a quotation mark is not closed"
        return self._tell_broken(taken, Broken(first, problem, 0, scan), fed=True)


def split(text: str, delimiter: str) -> list[str] | None:
    """Returns the values of one whole record, or None if it is not written by the rules."""
    if '"' not in text:
        return text.rstrip("\r\n").split(delimiter)
    cell = _CELLS[delimiter]
    values: list[str] = []
    at = 0
    while found := cell.match(text, at):
        quoted, plain, end = found.groups()
        values.append(plain if quoted is None else quoted.replace('""', '"'))
        if end != delimiter:
            return values
        at = found.end()
    return None


def problem_of(text: str) -> str:
    """Returns why a piece of text cannot be part of any record, or ''."""
    if found := UNREADABLE.search(text):
        return "contains a NUL character" if found[0] == "\0" else "not UTF-8"
    return f"longer than {MAX_LINE:,} characters" if len(text) >= MAX_LINE else ""


def _cell(delimiter: str) -> re.Pattern[str]:
    # Spaces around the marks are allowed: people type them after commas.
    d = re.escape(delimiter)
    return re.compile(rf'(?: *+"([^"]*+(?:""[^"]*+)*+)" *+|(?! *+")([^{d}\r\n]*+))({d}|[\r\n]*+\Z)')


def _too_large(size: int, lines: int) -> str:
    if lines > MAX_LINES_PER_RECORD:
        return f"a quotation mark is not closed within {MAX_LINES_PER_RECORD} lines"
    return f"longer than {MAX_LINE:,} characters" if size >= MAX_LINE else ""


def _reason(reason: str, line: int, first: int) -> str:
    return reason if line == first else f"belongs to the record of line {first}, which cannot be read: {reason}"


DELIMITERS = ",;\t|"
_CELLS = {delimiter: _cell(delimiter) for delimiter in DELIMITERS}
