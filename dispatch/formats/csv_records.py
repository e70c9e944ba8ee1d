"""Finds where each record of a CSV text begins and ends, and splits it into values.

The quotation marks decide (RFC 4180). One that begins a cell opens it, and the cell then goes on, over any number of
lines, to the mark that comes before a delimiter or the end of a line. A record has values only if it is written that
way, with the marks inside a cell doubled. Any other is broken, and all its lines with it, up to the line on which the
open cell ends or to the end of the text: nothing that may belong to a broken record is ever read as another record.

A cell that was never closed would go on to the mark that opens another. So in a cell of several lines a mark right
after a delimiter ends nothing: the record is broken. `csv_out` writes a space behind such a delimiter.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

# More than the attributes that one request can write take as JSON between quotation marks.
MAX_LINE = 2_000_000
MAX_LINES_PER_RECORD = 100

UNREADABLE = re.compile("[\0\ud800-\udfff]")


class RawRecord(NamedTuple):
    """The values of a record; or None, and why, for each line of a broken one. `next_line` is the line after it."""

    line: int
    next_line: int
    text: str
    values: list[str] | None
    reason: str = ""


class RecordReader:
    """The records of a text whose delimiter is known, in order; it comes in pieces of whole lines or parts of lines."""

    def __init__(self, numbered: Iterator[tuple[int, str]], delimiter: str) -> None:
        self._numbered = numbered
        self._delimiter = delimiter

    def __iter__(self) -> Iterator[RawRecord]:
        for line, text in self._numbered:
            values = None if problem_of(text) else split(text, self._delimiter)
            if values is not None:
                yield RawRecord(line, line + 1, text, values)
            else:
                yield from self._of_several_lines(line, text)

    def _of_several_lines(self, first: int, text: str) -> Iterator[RawRecord]:
        """Yields the record that begins with this text; if it is broken, each of its lines as they come."""
        scan, reason = Scan(self._delimiter), ""
        taken: list[tuple[int, str]] = []
        line = first
        size = told = 0
        while True:
            scan.feed(text)
            taken.append((line, text))
            size += len(text)
            reason = reason or problem_of(text) or _too_large(size, line - first + 1)
            if reason:
                for number, piece in taken:
                    # A line that is too long comes in several pieces.
                    if number > told and piece.strip():
                        told = number
                        yield RawRecord(number, number + 1, piece, None, _reason(reason, number, first))
                taken.clear()
            if scan.ended or (following := next(self._numbered, None)) is None:
                break
            line, text = following
        if not reason:
            yield from self._finished(taken, scan)

    def _finished(self, taken: list[tuple[int, str]], scan: "Scan") -> Iterator[RawRecord]:
        (first, _), (last, _) = taken[0], taken[-1]
        joined = "".join(text for _, text in taken)
        values = None if scan.broken or scan.is_open else split(joined, self._delimiter)
        if values is not None:
            yield RawRecord(first, last + 1, joined, values)
            return
        problem = "text follows a closed quotation mark" if scan.broken else "a quotation mark is not closed"
        for number, text in taken:
            if text.strip():
                yield RawRecord(number, number + 1, text, None, _reason(problem, number, first))


class Scan:
    """Follows the quotation marks of a text that comes in pieces.

    `broken` says that a cell is not written by the rules. It is then open up to the next mark that can end a cell.
    """

    def __init__(self, delimiter: str) -> None:
        self._delimiter = delimiter
        self._edge = re.compile(f"[{re.escape(delimiter)}\r\n]")
        self._at = "begin"
        self._spans_lines = False
        self._may_open = False
        self.broken = False
        self.ended = False

    @property
    def is_open(self) -> bool:
        """Whether a quoted cell has begun and not ended."""
        return self._at == "quoted"

    def feed(self, text: str) -> None:
        """Follows one more piece; `ended` says whether the record ends with it."""
        at = 0
        after_marks = -1
        self._spans_lines = self._at == "quoted"
        while at < len(text):
            if self._at == "quoted":
                at = text.find('"', at) + 1
                if at == 0:
                    return
                self._at = "mark"
                # What is before the first of several marks in a row.
                if at - 1 != after_marks:
                    self._may_open = self._spans_lines and text[at - 2 : at - 1] == self._delimiter
                after_marks = at + 1
            elif self._at == "plain":
                edge = self._edge.search(text, at)
                if edge is None:
                    return
                at = edge.start()
                self._at = "closed"
            else:
                at = self._step(text[at], at)
                if self.ended:
                    return

    def _step(self, character: str, at: int) -> int:
        """Follows one character at the beginning of a cell, after a mark inside one, or after one that has ended."""
        if self._at == "mark" and self._may_open and character != '"':
            self.broken = True
            self._at = "quoted"
            return at
        if character in "\r\n":
            self.ended = True
        elif character == self._delimiter:
            self._at = "begin"
        elif character == '"' and self._at in ("begin", "mark"):
            self._spans_lines = self._spans_lines and self._at == "mark"
            self._at = "quoted"
        elif character == " ":
            self._at = "begin" if self._at == "begin" else "closed"
        elif self._at == "begin":
            self._at = "plain"
        else:
            # The mark before was none that closes the cell.
            self.broken = True
            self._at = "quoted"
            return at
        return at + 1


def numbered_lines(pieces: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yields each piece with the number that its line has in an editor; the first is 1."""
    line = 1
    for piece in pieces:
        yield line, piece
        if piece.endswith(("\n", "\r")):
            line += 1


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
