"""How many SMS segments a text costs, by 3GPP TS 23.038 (the GSM 7-bit alphabet) and 23.040 (concatenation).

A text of the GSM alphabet has 160 septets in one segment and 153 in each of several (six bytes of every
segment then say which part it is); a character of the extension table takes two septets and is not split
between segments. One character outside the alphabet makes the whole text UCS-2: 70 UTF-16 units, or 67 in
each of several, and a surrogate pair (an emoji) is not split either. National shift tables are left out:
phones and providers disagree about them. WhatsApp has no segments: a message counts as one.
"""

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from dispatch.providers.gsm7 import GSM_BASIC, GSM_EXTENSION, OUTSIDE_GSM

Encoding = Literal["gsm7", "ucs2", "text"]

_ASCII_BASIC = "".join(filter(str.isascii, GSM_BASIC)).encode()
_EXTENDED = re.compile(f"[{re.escape(GSM_EXTENSION)}]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_COUNT_BITS = 20
_COUNT_MASK = (1 << _COUNT_BITS) - 1


class Measure(NamedTuple):
    """How a text is sent on its channel; `first_ucs2` is the character that makes a text UCS-2."""

    encoding: Encoding
    segments: int
    first_ucs2: str | None = None


_WHATSAPP = Measure("text", 1)


def measure_for(channel: str, body: str) -> Measure:
    """Returns the encoding and price (in segments) of a text on `sms` or `whatsapp`."""
    return measure(body) if channel == "sms" else _WHATSAPP


def measure(body: str) -> Measure:
    """Returns the encoding of an SMS text and how many segments it takes; an empty text takes one."""
    # Most texts are plain ASCII: deleting the alphabet from their bytes leaves nothing, at a quarter of the
    # cost of a regular expression.
    if body.isascii() and not body.encode().translate(None, _ASCII_BASIC):
        return _gsm(_segments(len(body), 160, 153))
    outside = OUTSIDE_GSM.search(body)
    if outside is None:
        return _gsm(_segments_of_pairs(body, _EXTENDED, single=160, part=153))
    return Measure("ucs2", _segments_of_pairs(body, _ASTRAL, single=70, part=67), outside[0])


def weigh(part: str) -> int:
    """Returns the weight of a part of a text; the weights of its parts add up to that of the text.

    It packs what `measure_of` needs: how many characters there are, how many take two places in each alphabet, and
    whether one is outside the GSM alphabet. Texts have less than a million characters.
    """
    if part.isascii() and not part.encode().translate(None, _ASCII_BASIC):
        return len(part)
    outside = OUTSIDE_GSM.search(part) is not None
    counts = (len(part), len(_EXTENDED.findall(part)), len(_ASTRAL.findall(part)), outside)
    return sum(count << place * _COUNT_BITS for place, count in enumerate(counts))


@lru_cache(maxsize=4096)
def measure_of(weight: int) -> Measure | None:
    """Returns the measure of every text of this weight, without `first_ucs2`; None when they differ.

    They do when a character that takes two places may stand where a segment ends.
    """
    length, extended, astral, outside = (weight >> place * _COUNT_BITS & _COUNT_MASK for place in range(4))
    pairs, single, part = (astral, 70, 67) if outside else (extended, 160, 153)
    if pairs and length + pairs > single:
        return None
    return Measure("ucs2" if outside else "gsm7", _segments(length + pairs, single, part))


@lru_cache(maxsize=128)
def _gsm(segments: int) -> Measure:
    return Measure("gsm7", segments)


def _segments(size: int, single: int, part: int) -> int:
    return 1 if size <= single else -(-size // part)


def _segments_of_pairs(body: str, pairs: re.Pattern[str], *, single: int, part: int) -> int:
    """Counts segments where the characters that `pairs` finds take two places and must stay together."""
    places = [found.start() for found in pairs.finditer(body)]
    size = len(body) + len(places)
    if size <= single or not places:
        return _segments(size, single, part)
    segments, used = 1, 0
    doubled = set(places)
    for index in range(len(body)):
        width = 2 if index in doubled else 1
        if used + width > part:
            segments, used = segments + 1, 0
        used += width
    return segments
