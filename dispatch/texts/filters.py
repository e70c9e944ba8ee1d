"""Cleans a customer's value before it enters a text, and applies the filters that a template names.

A value comes from outside (an import, an API call), so it may neither break the text around it nor lengthen it
without limit: control, bidirectional and invisible characters are removed, line breaks and tabs become spaces, and
only the first 100 characters are kept. Zero-width joiners stay: emoji families and Persian names need them.
"""

import re
from collections.abc import Callable
from datetime import datetime

from dispatch.errors import InvalidTemplate
from dispatch.formats.dates import date_of
from dispatch.texts import letters

MAX_VALUE = 100
MAX_PATTERN = 30

_SPACES = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_DANGEROUS = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
# Spaces, and whatever takes no place or looks like a space; a text of nothing else is blank.
_BLANK_RANGES = (
    *("\x00\x20", "\x7f\xa0", "\xad", "\u034f", "\u061c", "\u115f\u1160", "\u1680", "\u17b4\u17b5", "\u180b\u180e"),
    *("\u2000\u200f", "\u2028\u202f", "\u205f\u206f", "\u2800", "\u3000", "\u3164", "\ufe00\ufe0f", "\ufeff", "\uffa0"),
    "\ufff9\ufffb",
)
BLANK = "".join(chr(code) for ends in _BLANK_RANGES for code in range(ord(ends[0]), ord(ends[-1]) + 1))

TextFilter = Callable[[str], str]


def as_text(value: object) -> str:
    """Returns the value as it may stand in a text; NULL and nested values are empty."""
    if value.__class__ is not str:
        if value is None or isinstance(value, (dict, list)):
            return ""
        value = str(value)
    # isprintable() is one pass in C, and true of nearly every name.
    return value[:MAX_VALUE] if value.isprintable() else cleaned(value)[:MAX_VALUE]


def cleaned(text: str) -> str:
    """Returns the text without characters that are invisible or that reverse the text around them."""
    return _DANGEROUS.sub("", _SPACES.sub(" ", text))


def is_blank(text: str) -> bool:
    """Returns whether there is nothing in the text that people can see."""
    return not text.strip(BLANK)


def _fallback(*arguments: object) -> TextFilter:
    if len(arguments) != 1 or not isinstance(arguments[0], str):
        raise InvalidTemplate('fallback takes one text, such as {{ first_name|fallback("friend") }}.')
    instead = cleaned(arguments[0])
    return lambda text: instead if is_blank(text) else text


def _truncate(*arguments: object) -> TextFilter:
    length = arguments[0] if len(arguments) == 1 else None
    if not isinstance(length, int) or isinstance(length, bool) or not 1 <= length <= MAX_VALUE:
        raise InvalidTemplate(
            f"truncate takes a length from 1 to {MAX_VALUE}, such as {{{{ location|truncate(20) }}}}."
        )
    return lambda text: text[:length].rstrip()


_PARTS_OF_A_DATE: dict[str, Callable[[datetime], str]] = {
    "d": lambda time: f"{time.day:02d}",
    "j": lambda time: str(time.day),
    "m": lambda time: f"{time.month:02d}",
    "n": lambda time: str(time.month),
    "Y": lambda time: f"{time.year:04d}",
    "y": lambda time: f"{time.year % 100:02d}",
    "H": lambda time: f"{time.hour:02d}",
    "i": lambda time: f"{time.minute:02d}",
}


def _date(*arguments: object) -> TextFilter:
    pattern = arguments[0] if len(arguments) == 1 else None
    if not isinstance(pattern, str) or not pattern or len(pattern) > MAX_PATTERN:
        raise InvalidTemplate('date takes one text, such as {{ appointment|date("d/m/Y H:i") }}.')
    if "%" in pattern:
        raise InvalidTemplate(f'date("{pattern}"): leave out the percent signs, as in date("d/m/Y H:i").')
    if unknown := [each for each in pattern if each.isalpha() and each not in _PARTS_OF_A_DATE]:
        raise InvalidTemplate(
            f'date("{pattern}"): {unknown[0]} is no part of a date; the parts are d and j (day, 05 or 5), m and n '
            "(month), Y and y (year, 2026 or 26), H and i (hour and minute)."
        )
    parts = [_PARTS_OF_A_DATE.get(each) or each for each in cleaned(pattern)]

    def write(text: str) -> str:
        time = date_of(text.strip())
        if time is None:
            return text
        return "".join(part if isinstance(part, str) else part(time) for part in parts)

    return write


def _plain(name: str, transform: TextFilter) -> Callable[..., TextFilter]:
    def build(*arguments: object) -> TextFilter:
        if arguments:
            raise InvalidTemplate(f"{name} takes no arguments: {{{{ first_name|{name} }}}}.")
        return transform

    return build


FILTERS: dict[str, Callable[..., TextFilter]] = {
    "fallback": _fallback,
    "truncate": _truncate,
    "date": _date,
    "upper": _plain("upper", letters.upper),
    "lower": _plain("lower", str.lower),
    "title": _plain("title", letters.title),
    "capitalize": _plain("capitalize", str.capitalize),
    "trim": _plain("trim", str.strip),
}
