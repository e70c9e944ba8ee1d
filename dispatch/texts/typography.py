"""Replaces what makes an SMS more expensive: one character outside the GSM alphabet halves what a segment holds.

Replaced are quotes, dashes, the ellipsis, spaces that do not break, bullets, and those Greek capitals that look like
Latin ones (the others are in the alphabet). A text that has anything else outside of the alphabet, such as small Greek
letters or an emoji, stays as it is, because it would cost the same; so does one that would take more segments.
"""

from collections.abc import Iterator

from dispatch.formats.composing import normal
from dispatch.texts.sms import Measure, measure

_REPLACED = {
    '"': "“”„‟«»″‶＂",
    "'": "‘’‚‛‹›′‵´`ʼʹ＇",
    "-": "‐‑‒–—―−﹣－•‣◦",
    " ": "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "": "\u00ad\u200b\u2060\ufeff",
    "\n": "\u2028\u2029",
    "...": "…",
    ".": "·․",
    "/": "⁄∕",
    "x": "×",
    "A": "ΑΆ",
    "B": "Β",
    "E": "ΕΈ",
    "Z": "Ζ",
    "H": "ΗΉ",
    "I": "ΙΊΪ",
    "K": "Κ",
    "M": "Μ",
    "N": "Ν",
    "O": "ΟΌ",
    "P": "Ρ",
    "T": "Τ",
    "Y": "ΥΎΫ",
    "X": "Χ",
    "Ω": "Ώ\u2126",
    "Δ": "\u2206",
    ";": "\u037e",
}
_TABLE = {ord(character): instead for instead, characters in _REPLACED.items() for character in characters}


def fold(text: str, measured: Measure) -> tuple[str, Measure]:
    """Returns an SMS text and its measure as they are sent by a campaign that folds its typography."""
    if measured.encoding != "ucs2":
        return text, measured
    folded = normal("NFC", text).translate(_TABLE)
    now = measure(folded)
    return (folded, now) if now.encoding == "gsm7" and now.segments <= measured.segments else (text, measured)


def replaced_in(text: str) -> Iterator[str]:
    """Yields the characters of the text that folding replaces."""
    return (character for character in text if ord(character) in _TABLE)


def with_replacements(text: str) -> str:
    """Returns the text with those characters replaced, whatever else is in it; for someone who is writing it."""
    return normal("NFC", text).translate(_TABLE)
