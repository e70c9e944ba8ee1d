"""Unicode's normal forms, in a time that grows with the text and not with its square.

Putting the marks of one letter in order takes as long as the square of their number: 160 KB of two marks in turn took
22 s. No language needs more than a few, so a text with more than 30 in a row stays as it is; that is the bound of
Unicode's Stream-Safe Text Format (https://unicode.org/reports/tr15/#Stream_Safe_Text_Format).
"""

import re
import sys
import unicodedata
from functools import cache
from typing import Literal

MOST_MARKS = 30
# No mark is a letter, digit or space. This is ten times as fast as all marks by name, whose table takes 50 ms to make.
_MAYBE_PILED = re.compile(rf"[^\x00-\x7f\w\s]{{{MOST_MARKS + 1}}}")


def normal(form: Literal["NFC", "NFD", "NFKD"], text: str) -> str:
    """Returns the text in this form, or as it is if one of its letters has more than MOST_MARKS marks."""
    if text.isascii() or (_MAYBE_PILED.search(text) and _piled().search(text)):
        return text
    return unicodedata.normalize(form, text)


@cache
def _piled() -> re.Pattern[str]:
    marks = "".join(re.escape(chr(code)) for code in range(sys.maxunicode + 1) if unicodedata.combining(chr(code)))
    return re.compile(f"[{marks}]{{{MOST_MARKS + 1}}}")
