"""Capital letters as people write them: Greek without accents, names with apostrophes, and inner capitals."""

import re

from dispatch.formats.composing import normal

_WORD = re.compile(r"[\w\u0300-\u036f]+")
_NAME = re.compile(r"[\w\u0300-\u036f]+(?:['’ʼ`´][\w\u0300-\u036f]+)*")
_APOSTROPHE = re.compile(r"(['’ʼ`´])")
_GREEK = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]")
_CLUSTER = re.compile(r"(.)([\u0300-\u036f]*)", re.DOTALL)

_DIALYTIKA, _IOTA_BELOW = "\u0308", "\u0345"
# Grave, acute, smooth and rough breathing, circumflex: capitals are written without them (Unicode's SpecialCasing
# leaves this to the language, and CLDR's rules for Greek are these).
_ACCENTS = frozenset("\u0300\u0301\u0342")
_DROPPED = _ACCENTS | frozenset("\u0313\u0314" + _IOTA_BELOW)
# The word that means "or" keeps its accent, because without it it would be the article.
_OR = "ή"
# What follows an apostrophe gets a capital in O'Neil and D'Angelo and none in John's and we're.
_LETTERS_OF_A_NAME = 3
_SHORT_BEFORE_A_NAME = frozenset("odlODL")


def upper(text: str) -> str:
    """Returns the text in capitals; Greek ones without accents, as CLDR's rules for the language say."""
    return _WORD.sub(lambda word: _upper_word(word[0]), text) if _GREEK.search(text) else text.upper()


def title(text: str) -> str:
    """Returns the text with a capital at the beginning of each word, as in names: O'Neil, John's, McDonald."""
    return _NAME.sub(lambda name: _title_name(name[0]), text)


def _upper_word(word: str) -> str:
    if normal("NFC", word) == _OR:
        return _OR.upper()
    written = []
    after_accent = False
    for base, marks in _CLUSTER.findall(normal("NFD", word)):
        if not _GREEK.match(base):
            written.append((base + marks).upper())
            after_accent = False
            continue
        accented = not _ACCENTS.isdisjoint(marks)
        kept = "".join(mark for mark in marks if mark not in _DROPPED)
        # In Μάιος the accent said that the vowels are two sounds; in capitals the dialytika says it: ΜΑΪΟΣ.
        if after_accent and not accented and _DIALYTIKA not in marks and base.lower() in "ιυ":
            kept += _DIALYTIKA
        written.append(base.upper() + kept + ("Ι" if _IOTA_BELOW in marks else ""))
        after_accent = accented and base.lower() in "αεηου"
    return normal("NFC", "".join(written))


def _title_name(name: str) -> str:
    first, *rest = _APOSTROPHE.split(name)
    parts = [_capitalised(first)]
    before = first
    for apostrophe, part in zip(rest[::2], rest[1::2], strict=True):
        is_name = len(part) >= _LETTERS_OF_A_NAME or (before in _SHORT_BEFORE_A_NAME and len(part) > 1)
        parts += [apostrophe, _capitalised(part) if is_name else part.lower()]
        before = part
    return "".join(parts)


def _capitalised(word: str) -> str:
    """Returns the word with a capital first; further ones stay if small letters follow them too, as in McDonald."""
    if word[:1].isupper() and not word[1:].isupper() and not word[1:].islower():
        return word
    return word.capitalize()
