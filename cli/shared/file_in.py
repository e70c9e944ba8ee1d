"""A file that a verb reads, or standard input as `-`: how it is named, opened, and what its columns are."""

import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import SEEK_END
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

import click

from embedded.refusal import Refused

STDIN = Path("-")
_IN_MEMORY_BYTES = 1024 * 1024

file_in = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True, path_type=Path)
)
encoding_option = click.option(
    "--encoding", metavar="NAME", help="Such as windows-1253.  [default: UTF-8, or what the file says]"
)


def _mapping(context: click.Context, parameter: click.Parameter, given: Sequence[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    for column, _, name in pairs:
        if not column.strip() or not name.strip():
            raise click.BadParameter("write COLUMN=NAME, such as phone=Mobile")
    return {column.strip(): name.strip() for column, _, name in pairs}


mapping_option = click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="COLUMN=NAME",
    callback=_mapping,
    help="What a name in the first line means, such as phone=Mobile; may be repeated.",
)


@contextmanager
def opened(file: Path) -> Iterator[IO[bytes]]:
    """Opens the file so that it can be read twice; standard input is kept until it has ended."""
    if file != STDIN:
        with file.open("rb") as raw:
            yield raw
        return
    with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as kept:
        shutil.copyfileobj(sys.stdin.buffer, kept, _IN_MEMORY_BYTES)
        kept.seek(0)
        yield kept


def size_of(raw: IO[bytes]) -> int:
    """Returns the bytes of an opened file, which is then read from its beginning."""
    size = raw.seek(0, SEEK_END)
    raw.seek(0)
    return size


rejects_option = click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="File for rejected lines.  [default: rejected-FILE beside it]",
)


def rejects_for(file: Path, given: Path | None) -> Path:
    """Returns where the rejected lines of a file go; Refused if that is the file itself."""
    beside = Path("rejected.csv") if file == STDIN else file.with_name(f"rejected-{file.name}")
    rejects = given or beside
    if rejects.resolve() == file.resolve():
        raise Refused("The rejects file cannot be the imported file; choose another with --rejects.")
    return rejects


@contextmanager
def refusing_rejects(rejects: Path) -> Iterator[None]:
    """Refuses a rejects file that cannot be written."""
    try:
        yield
    except OSError as problem:
        raise Refused(
            f"{problem.filename or rejects}: {problem.strerror}; choose another file with --rejects."
        ) from None
