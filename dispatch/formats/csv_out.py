"""Writes CSV whose cells no spreadsheet runs as formulas, for every export, and reads such cells back, for imports.

A cell that begins like a formula gets an apostrophe in front; a phone number, which is a plus and digits, is none.
`plain_cell` removes exactly that apostrophe, so what was exported can be imported unchanged. A file begins with a
byte-order mark, without which Excel takes Greek for Latin letters.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import StringIO
from itertools import islice
from typing import Any

from dispatch.formats.csv_records import DELIMITERS

MEDIA_TYPE = "text/csv; charset=utf-8"

# Lines in one piece: a piece for each line would cost more than the line.
_LINES_TOGETHER = 500
_DELIMITERS = tuple(DELIMITERS)
# The full-width signs begin formulas in East Asian spreadsheets. Apostrophes before a sign are ours or look like ours;
# one more is added then, or two different texts would become the same cell.
_PHONE = re.compile(r"\+[0-9]+")
_RUNS = re.compile(r"'*[\s\0]*[=+\-@＝＋－＠]|'*[\t\r\n]")


def safe_cell(value: Any) -> str:
    """Returns the text of a cell: None becomes empty, a time ISO 8601, a boolean true or false."""
    if isinstance(value, str):
        # Lone surrogates stand for bytes that were not UTF-8, and could not be written again.
        text = value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
        return f"'{text}" if _RUNS.match(text) and not _PHONE.fullmatch(text) else text
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return safe_cell(value.isoformat() if isinstance(value, datetime) else str(value))


def plain_cell(cell: str) -> str:
    """Returns the text that `safe_cell` turned into the cell."""
    return cell[1:] if cell.startswith("'") and _RUNS.match(cell) else cell


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yields the file in pieces of whole lines, made as the rows come; the header is there even without rows."""
    rest = iter(rows)
    yield "\ufeff" + _written([header])
    while some := list(islice(rest, _LINES_TOGETHER)):
        yield _written(some)


def _written(rows: Iterable[Sequence[Any]]) -> str:
    text = StringIO()
    csv.writer(text).writerows([_unmistakable(safe_cell(value)) for value in row] for row in rows)
    return text.getvalue()


def _unmistakable(cell: str) -> str:
    # The mark that ends a cell of several lines is not to look like one that begins a cell: see `csv_records`.
    if ("\n" in cell or "\r" in cell) and cell.rstrip('"').endswith(_DELIMITERS):
        return f"{cell} "
    return cell
