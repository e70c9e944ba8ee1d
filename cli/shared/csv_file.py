"""Writes an export to a file."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from cli.shared.output import wants_json
from dispatch.formats.private_file import open_private
from embedded.refusal import Refused

STDOUT = Path("-")

csv_file = click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that was written, and its size."""

    file: str
    bytes: int


def write_csv(pieces: Iterable[str], file: Path) -> WrittenFile:
    """Writes the pieces to the file, a new one for its owner only; Refused when it cannot be written.

    Standard output has nothing else then, so JSON cannot be asked for.
    """
    if file == STDOUT:
        if wants_json():
            raise click.UsageError("- writes the CSV itself to standard output; leave out --json or name a file.")
        for piece in pieces:
            click.echo(piece, nl=False)
        raise click.exceptions.Exit
    try:
        with open_private(file) as out:
            out.writelines(pieces)
        return WrittenFile(str(file), file.stat().st_size)
    except OSError as problem:
        raise Refused(f"{file}: {problem.strerror}; choose another file") from None
