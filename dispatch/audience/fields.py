"""What is read of a recipient: the fields of a text, as SQL over the customers `cu`."""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from dispatch.texts.filters import BLANK
from dispatch.texts.template import ATTRIBUTE
from models.database import dicts

# What is left of a text when no one can see anything of it.
_VISIBLE = "[^{}]".format("".join(f"\\u{ord(character):04x}" for character in BLANK if character != "\0"))
# As a placeholder may contain it; nothing in it has a meaning in SQL.
_ATTRIBUTE_NAME = re.compile(r"[\w -]+")
# What is read of every recipient, and its places in a tuple.
_OF_ALL = ("cursor", "skipped", "id", "phone")
CURSOR, SKIPPED, ID, PHONE = range(4)


def columns_of(fields: Sequence[str]) -> tuple[str, ...]:
    """Returns the columns of a recipient who is read with these fields."""
    return (*_OF_ALL, *(field for field in dict.fromkeys(fields) if field not in _OF_ALL))


def is_empty(field: str) -> str:
    """Returns the condition that this field of `cu` is empty or has nothing that people can see."""
    value = value_of(field)
    return f"({value} IS NULL OR {value} !~ '{_VISIBLE}')"


def value_of(field: str) -> str:
    """Returns the SQL of a field of `cu`: a column, or an attribute as text, which is NULL when it is nested."""
    if not field.startswith(ATTRIBUTE):
        return f"cu.{field}"
    name = field.removeprefix(ATTRIBUTE)
    if not _ATTRIBUTE_NAME.fullmatch(name):
        raise ValueError(f"not the name of a placeholder: {name!r}")
    # The invented person of a test has each attribute's name as its value.
    return f"""CASE WHEN cu.id IS NULL THEN '{name}' WHEN jsonb_typeof(cu.attributes -> '{name}') IN ('object', 'array')
                    THEN NULL ELSE cu.attributes ->> '{name}' END"""


def values_of(account_id: UUID, customer_id: int, fields: tuple[str, ...]) -> dict[str, Any] | None:
    """Returns these fields of one customer of the account, by their names; None when there is no such customer."""
    found = dicts(
        f"SELECT {', '.join(map(value_of, fields))} FROM customer cu WHERE cu.account_id = %s AND cu.id = %s",
        [account_id, customer_id],
        keys=fields,
    )
    return found[0] if found else None
