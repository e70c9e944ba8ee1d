"""Rejected lines as a file that can be repaired and imported: all their columns, and line, reason and text beside them.

A line that could not be split into its columns has only its text there; imported as it is, it is rejected again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from dispatch.formats.columns import IGNORED
from dispatch.formats.csv_in import Rejected
from dispatch.formats.csv_out import csv_lines, plain_cell
from dispatch.formats.private_file import open_private

Write = Callable[[Sequence[Rejected]], None]


def reject_lines(columns: Sequence[str], rejected: Iterable[Rejected]) -> Iterator[str]:
    """Returns the file in pieces; `columns` are the names as they stood in the imported one."""
    return csv_lines((*columns, *IGNORED), (_row(columns, each) for each in rejected))


@contextmanager
def rejects_file(path: Path | None, columns: Sequence[str]) -> Iterator[Write]:
    """Opens a file of rejected lines, which can be repaired and imported; it is deleted if no line was rejected."""
    if path is None:
        yield lambda rejected: None
        return
    # Opened before the first row is imported, so that a path that cannot be written to is found out in time.
    with open_private(path) as file:
        header, *_ = reject_lines(columns, ())
        file.write(header)

        empty = file.tell()

        def write(rejected: Sequence[Rejected]) -> None:
            _, *pieces = reject_lines(columns, rejected)
            file.writelines(pieces)

        yield write
        nothing_rejected = file.tell() == empty
    if nothing_rejected:
        path.unlink()


def storable(text: str) -> str:
    """Returns the text with what PostgreSQL cannot store made visible."""
    return text.replace("\0", "\u2400").encode("utf-8", "backslashreplace").decode()


def _row(columns: Sequence[str], rejected: Rejected) -> list[object]:
    values = [plain_cell(value.lstrip()) for value in rejected.values]
    return [*values, *[""] * (len(columns) - len(values)), rejected.line, rejected.reason, storable(rejected.text)]
