"""Divides a file into portions, each bounded by lines, characters and time, whatever the lines are."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dispatch.formats.csv_in import CsvFile, Record, Rejected

#: What `in_portions` yields at the end of each portion.
END = None


@dataclass(frozen=True, slots=True)
class Portion:
    """A portion ends with the step that takes it beyond one of these; blank lines and broken records count too."""

    lines: int
    characters: int = 4_000_000
    seconds: float = 5
    clock: Callable[[], float] = time.monotonic


def in_portions(file: CsvFile, portion: Portion) -> Iterator[Record | Rejected | None]:
    """Yields the file's records, and END after each portion; between two of them `file.place` can be kept.

    What whoever reads does with a record counts as time of its portion.
    """
    line, characters, until = file.next_line, file.characters, portion.clock() + portion.seconds
    ended = True
    while (some := file.read()) is not None:
        yield from some
        ended = (
            file.next_line - line >= portion.lines
            or file.characters - characters >= portion.characters
            or portion.clock() >= until
        )
        if ended:
            yield END
            line, characters, until = file.next_line, file.characters, portion.clock() + portion.seconds
    if not ended:
        yield END
