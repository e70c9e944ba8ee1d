"""Writes what is exported to a file."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from embedded.refusal import Refused

csv_file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


def write_csv(pieces: Iterable[str], file: Path) -> dict[str, Any]:
    """Writes the pieces and gives the file's name and size; a place that cannot be written to is refused."""
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            out.writelines(pieces)
        return {"file": str(file), "bytes": file.stat().st_size}
    except OSError as problem:
        raise Refused(f"{file}: {problem.strerror}; choose another file") from None
