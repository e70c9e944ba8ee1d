"""The customers of the demo: the rows of examples/customers.csv, then as many similar ones as needed."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, count
from pathlib import Path

import config
from dispatch.formats.phone_text import InvalidPhone
from dispatch.formats.phones import normalise
from models.customers.customer import MAX_TEXT

EXAMPLES = Path(config.__file__).parent.parent / "examples" / "customers.csv"
COUNTRY = "GR"

_HEADER = "phone,first_name,last_name,location,prefered_product"
_NAMES = ("Μαρία,Παπαδοπούλου", "José,García", "Zoë,Müller", "Γιώργος,Νικολάου", "Anna 🌸,Lindström", "Seán,O'Neil")
_PLACES = ("Θεσσαλονίκη", "Málaga", "Köln", "Αθήνα", "Göteborg", "")
_PRODUCTS = ("Καφές", "Running shoes", "Gift card €50", "Sunglasses 😎", "")
# Ways in which people write the same kind of number.
_SHAPES = ("+30690{:07}", "0030 690 {:07}", "690{:07}", "690-{:07}", "(690) {:07}")
# Numbers for which the simulated provider always does the same (docs/simulator.md): it rejects one, loses its answer
# for another, and later reports that a third was not reached.
TROUBLED = ("+15005550001,Rita,Refused,,", "+15005550005,Uma,Unclear,,", "+15005550011,Noah,Nowhere,,")
# People who write back: one wants no more, the other says a few words.
TALKING = ("+15005550013,Sam,Stopped,,", "+15005550014,Thea,Thankful,,")
# The examples use smaller numbers.
_FIRST = 1_000_000


def demo_lines(recipients: int, first: Iterable[str] = ()) -> Iterator[str]:
    """Yields CSV lines with this many different valid numbers, these first, among invalid, broken and repeated ones."""
    yield f"{_HEADER}\n"
    seen: set[str] = set()
    for at, line in enumerate(chain(first, _rows())):
        if len(seen) == recipients:
            return
        if at % 60 == 30:
            # Both lines are rejected: marks that are not doubled make the record one that cannot be read, and what is
            # left of it is nobody's number.
            yield f'+306919{at:06},Kim,"call "my wife\n'
            yield '6900000007",,\n'
        yield f"{line}\n"
        phone, *cells = next(csv.reader([line]))
        if max(map(len, cells)) <= MAX_TEXT:
            with suppress(InvalidPhone):
                seen.add(normalise(phone, COUNTRY))


def _rows() -> Iterator[str]:
    with EXAMPLES.open(encoding="utf-8") as file:
        next(file)
        yield from (line.rstrip("\n") for line in file)
    for number in count(_FIRST):
        yield _row(number)
        if number % 50 == 0:
            yield _row(number)
        if number % 70 == 0:
            yield f"12-{number},Too,Short,,"


def _row(number: int) -> str:
    def turn(choices: tuple[str, ...]) -> str:
        return choices[number % len(choices)]

    return f"{turn(_SHAPES).format(number)},{turn(_NAMES)},{turn(_PLACES)},{turn(_PRODUCTS)}"
