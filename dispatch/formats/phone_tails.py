"""Finds a last group of digits that may be an extension, a second number or decimals, and no part of the number.

Where numbers differ in length, as in Austria or Finland, `0664 1234567-8` would be a valid number as a whole, but
someone else's.
"""

import re

_TAILS = [
    # Behind at least seven digits that stand together, 0664 1234567-12, or alone, 040 123 4567-8 and 0664.123.4567.0.
    re.compile(r"(?<=\d{7})\D+\d{1,4}$|\D+\d$"),
    # Behind a mark that is nowhere else in the number: 0664 123 45 67/68, 0664 123 45 67 (12), 0664 123 45 67-12.
    re.compile(r"(?<=\d)\s*/\s*\d{1,3}$"),
    re.compile(r"(?<=\d)\s*\(\d{1,4}$"),
    re.compile(r"(?<=\d)\s*-\s*\d{1,3}$"),
]
_MARKS = (None, "/", "(", "-")


def without_tail(text: str) -> str | None:
    """Returns the number before a last group of digits that may not belong to it, or None if there is no such group.

    The text is as `plain_phone` returns it. Whether what is returned is a number is for the caller to find out.
    """
    text = text.rstrip(" .-/)")
    for tail, mark in zip(_TAILS, _MARKS, strict=True):
        found = tail.search(text)
        if found and found.start() > 0 and (mark is None or _is_only_there(mark, text[: found.start()])):
            return text[: found.start()]
    return None


def _is_only_there(mark: str, before: str) -> bool:
    """Returns whether the mark divides nothing else; 123 45-67 has a single gap before it and is one number."""
    return mark not in before and (mark != "-" or len(re.findall(r"\d\D+(?=\d)", before)) > 1)
