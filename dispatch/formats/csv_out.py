"""Writes CSV whose cells no spreadsheet runs as formulas, for every export, and reads such cells back, for imports.

A cell that begins like a formula gets an apostrophe in front, also where only a reader with another delimiter sees a
cell begin; a phone number, which is a plus and digits, is no formula. `plain_cell` removes exactly those apostrophes,
so what was exported can be imported unchanged. It also removes one with which other programs keep spreadsheets from
rounding a number (`'6543210987654`); a number that has one of its own gets a second. A file begins with a byte-order
mark, without which Excel takes Greek for Latin letters.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import StringIO
from typing import Any

from dispatch.formats.csv_records import DELIMITERS

MEDIA_TYPE = "text/csv; charset=utf-8"

# A piece ends with the line that takes it beyond one of these: memory stays the same whatever the columns are, and a
# piece for each line would cost more than the line.
LINES_TOGETHER, CELLS_TOGETHER, CHARACTERS_TOGETHER = 500, 20_000, 500_000
_DELIMITERS = tuple(DELIMITERS)

_PROTECTED = re.compile(r"'+[0-9][0-9 .,:()/-]*")
_PHONE = re.compile(r"\+[0-9]+")
# What begins a formula. The full-width and small signs do so in East Asian spreadsheets.
_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
_SIGN = re.compile(f"[{_SIGNS}]")
_ODD = re.compile(f"[{_SIGNS}\t\r\n]")
# What may stand before such a sign and not be seen: space, NUL, marks of any kind, and quotation marks, which a reader
# with another delimiter takes for its own. Apostrophes are ours or look like ours.
_UNSEEN = "\\s\0'\"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
# Where a semicolon or a tab separates cells, or a quotation mark in the middle of one means nothing, a cell of ours
# begins after each of these.
_BEGINS = ";\t\r\n"
_RUN = re.compile(f"\\A[{_UNSEEN};]*+[{_SIGNS}]|[{_UNSEEN};]++[{_SIGNS}]?")
_BLANK = re.compile(r"'*[\t\r\n]")


def safe_cell(value: Any) -> str:
    """Returns the text of a cell: None becomes empty, a time ISO 8601, a boolean true or false."""
    if isinstance(value, str):
        # Lone surrogates stand for bytes that were not UTF-8, and could not be written again.
        text = value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
        if text.startswith("'") and _PROTECTED.fullmatch(text):
            return f"'{text}"
        return text if _PHONE.fullmatch(text) or not _ODD.search(text) else _RUN.sub(_with_apostrophes, text)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return safe_cell(value.isoformat() if isinstance(value, datetime) else str(value))


def plain_cell(cell: str) -> str:
    """Returns the text that `safe_cell` turned into the cell, or a number without the apostrophe in front of it."""
    if cell.startswith("'") and _PROTECTED.fullmatch(cell):
        return cell[1:]
    return _RUN.sub(_without_apostrophes, cell) if "'" in cell and _ODD.search(cell) else cell


def _with_apostrophes(found: re.Match[str]) -> str:
    """Puts an apostrophe in front of the sign wherever a cell may begin in front of it."""
    run = found[0]
    signed = _SIGN.match(run[-1])
    text = re.sub(f"([{_BEGINS}])", r"\1'", run) if signed else run
    return f"'{text}" if found.start() == 0 and (signed or _BLANK.match(run)) else text


def _without_apostrophes(found: re.Match[str]) -> str:
    run = found[0]
    signed = _SIGN.match(run[-1])
    text = re.sub(f"([{_BEGINS}])'", r"\1", run) if signed else run
    return text.removeprefix("'") if found.start() == 0 and (signed or _BLANK.match(run)) else text


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yields the file in pieces of whole lines, made as the rows come; the header is there even without rows."""
    text = StringIO()
    write = csv.writer(text).writerow
    write([_unmistakable(safe_cell(name)) for name in header])
    yield "\ufeff" + _taken(text)
    lines = cells = 0
    for row in rows:
        write([_unmistakable(safe_cell(value)) for value in row])
        lines += 1
        cells += len(row)
        if lines >= LINES_TOGETHER or cells >= CELLS_TOGETHER or text.tell() >= CHARACTERS_TOGETHER:
            yield _taken(text)
            lines = cells = 0
    if lines:
        yield _taken(text)


def _taken(text: StringIO) -> str:
    """Returns what was written, and empties it."""
    piece = text.getvalue()
    text.seek(0)
    text.truncate()
    return piece


def _unmistakable(cell: str) -> str:
    # The mark that ends a cell of several lines is not to look like one that begins a cell: see `csv_records`.
    if ("\n" in cell or "\r" in cell) and cell.rstrip('"').endswith(_DELIMITERS):
        return f"{cell} "
    return cell
