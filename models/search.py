"""What people search for, as a condition on the rows of a list.

Texts are compared as the function `folded` of the database leaves them: without case, accents and invisible characters.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_PART = "'%%' || regexp_replace({text}, '([\\\\%%_])', '\\\\\\1', 'g') || '%%'"


@dataclass(frozen=True, slots=True)
class Term:
    """One of the things searched for, all of which a row must have."""

    #: Part of a name, as it was typed.
    text: str
    #: If it may be a phone: digits that are part of one, or a plus and digits that one begins with.
    numbers: tuple[str, ...] = ()


Search = Sequence[Term]


def matches(terms: Search, text: str, *, phone: str | None = None) -> tuple[str, dict[str, str]]:
    """Returns the condition that a row has all of the terms, and its parameters.

    `text` is the folded text in which they are looked for, in SQL, and `phone` the column of a phone.
    """
    params: dict[str, str] = {}
    conditions = ["true"]
    for place, term in enumerate(terms):
        params[name := f"term_{place}"] = term.text
        either = [_contains(text, f"folded(%({name})s)", indexed=phone is not None)]
        for number, digits in enumerate(term.numbers if phone else ()):
            params[name := f"term_{place}_{number}"] = f"{digits}%" if digits.startswith("+") else f"%{digits}%"
            either.append(f"{phone} LIKE %({name})s")
        conditions.append(f"({' OR '.join(either)})")
    return " AND ".join(conditions), params


def _contains(text: str, part: str, *, indexed: bool) -> str:
    found = f"{text} LIKE {_PART.format(text=part)}"
    # What the index of customers has is compared first and finds a few too many.
    return f"({found} AND in_ascii({text}) LIKE {_PART.format(text=f'in_ascii({part})')})" if indexed else found
