"""Writes an export to a file."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from embedded.refusal import Refused

csv_file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that was written, and its size."""

    file: str
    bytes: int


def write_csv(pieces: Iterable[str], file: Path) -> WrittenFile:
    """Writes the pieces to the file; Refused when it cannot be written."""
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            out.writelines(pieces)
        return WrittenFile(str(file), file.stat().st_size)
    except OSError as problem:
        raise Refused(f"{file}: {problem.strerror}; choose another file") from None
