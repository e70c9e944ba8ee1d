"""The characters that make a text more expensive, marked where they stand in it."""

from collections.abc import Iterator
from typing import NamedTuple

from dispatch.providers.gsm7 import OUTSIDE_GSM
from dispatch.texts.check import named_character
from dispatch.texts.typography import with_replacements


class Piece(NamedTuple):
    """A part of a text; `name` is that of the character, if it is one outside of the GSM alphabet."""

    text: str
    name: str | None


def pieces_of(text: str, channel: str) -> Iterator[Piece]:
    """Yields the text in pieces, each character that halves what a segment holds as one of its own."""
    if channel != "sms":
        yield Piece(text, None)
        return
    start = 0
    for found in OUTSIDE_GSM.finditer(text):
        for at in range(found.start(), found.end()):
            if start < at:
                yield Piece(text[start:at], None)
            yield Piece(text[at], named_character(text[at]).name)
            start = at + 1
    if start < len(text):
        yield Piece(text[start:], None)


def replaceable(text: str, channel: str) -> bool:
    """Returns whether replacing what can be replaced makes all of the text fit into the GSM alphabet."""
    return channel == "sms" and bool(OUTSIDE_GSM.search(text)) and not OUTSIDE_GSM.search(with_replacements(text))
