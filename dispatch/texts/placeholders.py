"""Checks that every placeholder of a text names something that a customer of the account has."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from uuid import UUID

from dispatch.errors import InvalidTemplate
from dispatch.texts.template import (
    CUSTOMER_FIELDS,
    UNSUBSCRIBE_LINK,
    CompiledTemplate,
    compile_template,
    escaped_braces,
)
from models.customers.attributes import attribute_names, attributes_among

# A refusal lists at most this many attributes and then says how many more there are.
MAX_LISTED = 50


def compile_for(account_id: UUID | None, source: str) -> CompiledTemplate:
    """Compiles a text of the account; InvalidTemplate when it cannot be read, or names what no customer has.

    Without an account (None) only the columns that every customer has are known.
    """
    template = compile_template(source)
    asked = [name for name in template.placeholders if name not in CUSTOMER_FIELDS and name != UNSUBSCRIBE_LINK]
    there = attributes_among(account_id, asked) if account_id and asked else set()
    if unknown := [name for name in asked if name not in there]:
        raise _refusal(account_id, template, unknown)
    return template


def _refusal(account_id: UUID | None, template: CompiledTemplate, unknown: Sequence[str]) -> InvalidTemplate:
    columns = [*sorted(CUSTOMER_FIELDS), UNSUBSCRIBE_LINK]
    attributes = attribute_names(account_id) if account_id else []
    nearest = {name: found for name in unknown if (found := nearest_to(name, [*columns, *attributes]))}
    meant = " Did you mean {}?".format(" and ".join(f"{{{name}}}" for name in nearest.values())) if nearest else ""
    if account_id is None:
        known = "the attributes of an account's customers, once you name the account"
    elif not attributes:
        known = "the attributes of customers, of which no customer of the account has any yet"
    else:
        more = len(attributes) - MAX_LISTED
        known = f"the attributes {', '.join(attributes[:MAX_LISTED])}" + (f" and {more} more" if more > 0 else "")
    escaped = "" if nearest else f" To send the braces as they are, write {escaped_braces(f'{{{unknown[0]}}}')}."
    return InvalidTemplate(
        f"Unknown placeholder {', '.join(f'{{{name}}}' for name in unknown)}.{meant} "
        f"The names are: {', '.join(columns)}, and {known}.{escaped}",
        placeholders=list(template.placeholders),
        unknown=list(unknown),
        nearest=nearest,
    )


def nearest_to(name: str, known: Sequence[str]) -> str | None:
    """Returns the known name that someone who wrote this one probably meant, if any."""
    by_word = {_word(each): each for each in reversed(known)}
    found = get_close_matches(_word(name), by_word, n=1)
    return by_word[found[0]] if found else None


def _word(name: str) -> str:
    """Returns the name without what people write differently: `firstName` is `first_name`."""
    return re.sub(r"[\W_]+", "", name).casefold()
