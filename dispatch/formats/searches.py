"""Reads what people type into a search: words in any order, and phones as they write them.

Every word must be somewhere in a row, without regard to case and accents. `0030 693…`, `+30 693` and `693-000` are
parts of numbers; a number in its national form, or one that is written as it was dialled once, is also looked for as
it is stored.
"""

import re
from itertools import groupby

from dispatch.formats.phone_text import InvalidPhone, visible
from dispatch.formats.phones import normalise
from models.search import Term

# So many words count; no one types more.
MAX_TERMS = 10
_PHONE = re.compile(r"\+?[0-9 ().\-/']*[0-9][0-9 ().\-/']*(?:…|\.{3})?")
_SIGNS = re.compile(r"[^0-9+]+")
_TRUNK_ZERO = re.compile(r"(?<=[0-9])\s*\(0\)")
# Without its zero in front, fewer digits than these are in every number.
_MIN_DIGITS = 3


def search_of(q: str | None, country: str | None = None) -> list[Term]:
    """Returns the words of a search; none of them is in no row, and an empty search is in each.

    `country` (two letters) says how numbers without a country code are read.
    """
    words = (q or "").split()
    # Words of digits and signs that follow each other are one number.
    grouped = groupby(words, key=_is_number)
    terms = []
    for is_number, group in grouped:
        if is_number:
            terms.append(_number(" ".join(group), country))
        else:
            terms += map(Term, group)
    return terms[:MAX_TERMS]


def _is_number(word: str) -> bool:
    plain = visible(word)
    return plain == "+" or _PHONE.fullmatch(plain) is not None


def _number(text: str, country: str | None) -> Term:
    plain = _SIGNS.sub("", _TRUNK_ZERO.sub("", visible(text)))
    digits = plain.replace("+", "")
    found = []
    if plain.startswith("+"):
        found.append(f"+{digits}")
    else:
        found.append(digits)
        if digits.startswith("00") and len(digits) > len("00"):
            found.append(f"+{digits[2:]}")
        elif digits.startswith("0") and len(digits) > _MIN_DIGITS:
            found.append(digits[1:])
    try:
        found.append(normalise(text, country))
    except InvalidPhone:
        pass  # part of a number, or digits of a name
    return Term(text, tuple(dict.fromkeys(each for each in found if each.strip("+"))))
