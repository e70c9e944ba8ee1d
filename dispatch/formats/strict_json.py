"""JSON as PostgreSQL can store it: no NaN, no NUL, no half of a character, no key twice, no number of many digits."""

import json
import math
from typing import Any

from dispatch.formats.csv_records import UNREADABLE

MAX_DEPTH = 20
# The largest number of a computer, which JSONB writes as a whole number, has 309.
MAX_DIGITS = 400


def loads(text: str | bytes, **options: Any) -> Any:
    """Returns the value, all of which PostgreSQL can store; a ValueError says why it cannot be used."""
    # Python would also guess UTF-16 and UTF-32, which whatever looks at requests before us does not (RFC 8259, 8.1).
    if isinstance(text, bytes):
        text = text.decode("utf-8-sig")
    try:
        value = json.loads(
            text, parse_constant=_refuse_constant, parse_int=_whole, object_pairs_hook=_object, **options
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    _check(value)
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        # Programs differ in which of two they take, so that one may check what another uses.
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {twice[:40]!r} comes twice")
    return found


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("a number has too many digits")
    return int(digits)


def _check(value: Any) -> None:
    """Refuses characters and numbers that PostgreSQL cannot store, and nesting deeper than anyone needs."""
    level = [value]
    for _ in range(MAX_DEPTH):
        for leaf in level:
            _check_leaf(leaf)
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _inside(outer)]
        if not level:
            return
    raise ValueError(f"it is nested more than {MAX_DEPTH} deep")


def _check_leaf(value: Any) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise ValueError("a text contains the character NUL")
        if not value.isascii() and UNREADABLE.search(value):
            raise ValueError("a text contains half of a character (a lone surrogate)")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is too large")


def _inside(outer: dict[str, Any] | list[Any]) -> list[Any]:
    return [*outer.keys(), *outer.values()] if isinstance(outer, dict) else outer
