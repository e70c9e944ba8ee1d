"""How many attributes there may be, and how large: of one customer, on any way in, and of an account.

Every customer's attributes are read by segments and exports, so whoever writes them decides what those cost.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from psycopg.errors import CheckViolation

from dispatch.errors import InvalidRequest
from dispatch.formats.columns import MAX_NAME
from models.customers import attribute_counts
from models.customers.attribute_counts import MAX_OF_ACCOUNT, MAX_STORED_BYTES, TOO_LARGE, TOO_MANY_NAMES

#: Of one customer at once; what several imports add up to is bounded by the table.
MAX_ATTRIBUTES = 500
MAX_BYTES = 65_536
#: Characters of one value, of one that is no text as JSON.
MAX_VALUE = 10_000

# From this share of the names on, those that no customer has any more are forgotten.
_NEARLY_FULL = 0.8


def problem_of(attributes: Mapping[str, object]) -> str:
    """Returns why a customer cannot have these attributes, or ''."""
    if len(attributes) > MAX_ATTRIBUTES:
        return f"has {len(attributes):,} attributes; a customer can have {MAX_ATTRIBUTES}"
    whole = 2
    for name, value in attributes.items():
        if len(name) > MAX_NAME:
            return f"the name {name[:40]!r}… has {len(name):,} characters; an attribute's can have {MAX_NAME}"
        text = json.dumps(value, ensure_ascii=False)
        if (size := len(value if isinstance(value, str) else text)) > MAX_VALUE:
            return f"{name!r} has {size:,} characters; a value can have {MAX_VALUE:,}"
        whole += len(name.encode()) + len(text.encode()) + 6
    return f"has {whole:,} bytes; a customer's attributes can have {MAX_BYTES:,}" if whole > MAX_BYTES else ""


def checked_attributes(attributes: Mapping[str, object]) -> Mapping[str, object]:
    """Returns the attributes; InvalidRequest says which limit they exceed."""
    if problem := problem_of(attributes):
        raise InvalidRequest(f"attributes: {problem}.", field="attributes")
    if any(not name.strip() for name in attributes):
        raise InvalidRequest("attributes: a name is blank.", field="attributes")
    return attributes


@contextmanager
def refusing_too_many() -> Iterator[None]:
    """Refuses, with InvalidRequest, what the tables' own limits refuse inside it."""
    try:
        yield
    except CheckViolation as refused:
        match refused.diag.constraint_name:
            case name if name == TOO_MANY_NAMES:
                problem = (
                    f"the customers of an account can have {MAX_OF_ACCOUNT:,} different attributes, and these would be "
                    "more; take columns out, or remove attributes from customers (what no one has is forgotten hourly)"
                )
            case name if name == TOO_LARGE:
                problem = f"a customer's attributes would add up to more than {MAX_STORED_BYTES:,} bytes"
            case _:
                raise
    else:
        return
    raise InvalidRequest(f"attributes: {problem}.", field="attributes")


def forget_unused_attributes() -> int:
    """Forgets, in accounts that may soon have no more, the attributes that no customer has; returns how many."""
    return sum(map(attribute_counts.forget_unused, attribute_counts.nearly_full(_NEARLY_FULL)))
