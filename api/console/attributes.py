"""The attributes of a customer as rows of a form, of which only those that were changed are written."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from api.console import forms
from api.console.sentences import plain
from dispatch.errors import InvalidRequest
from models.row import JsonObject

# So many rows are empty, for attributes that the customer does not have yet.
EMPTY_ROWS = 2

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})([.][0-9]{1,9})?")
_WORDS = {"yes": True, "true": True, "no": False, "false": False}


class Row(NamedTuple):
    """An attribute in the form; `was` is its value when the form was made, as text."""

    name: str
    value: str
    was: str = ""
    #: Whether it was there when the form was made; its name then stays.
    is_stored: bool = False


def rows_of(attributes: JsonObject) -> list[Row]:
    """Returns the attributes that can be typed, and empty rows."""
    stored = [Row(name, plain(value), plain(value), True) for name, value in attributes.items() if _can_be_typed(value)]
    return stored + [Row("", "")] * EMPTY_ROWS


def others_of(attributes: JsonObject) -> JsonObject:
    """Returns those that no field can show: lists and objects."""
    return {name: value for name, value in attributes.items() if not _can_be_typed(value)}


def typed_rows() -> list[Row]:
    """Returns the rows as they were typed; none when the form had none."""
    sent = forms.sent()
    stored = zip(*(sent.getlist(f"attribute_{part}") for part in ("name", "value", "was")), strict=False)
    new = zip(*(sent.getlist(f"new_{part}") for part in ("name", "value")), strict=False)
    return [Row(name, value, was, True) for name, value, was in stored] + [Row(name, value) for name, value in new]


def changed(rows: list[Row], now: Mapping[str, Any]) -> dict[str, object]:
    """Returns the attributes that were changed in the form, None for one that was emptied.

    A value keeps the type of the one that it replaces where it is written as one. InvalidRequest for a value without a
    name, and for a name that the customer has already.
    """
    found: dict[str, object] = {}
    for row in rows:
        name, value = row.name if row.is_stored else row.name.strip(), row.value.strip()
        if row.is_stored and value != row.was.strip():
            found[name] = _typed(value, now.get(name)) if value else None
        elif not row.is_stored and (name or value):
            if not name or not value:
                raise InvalidRequest("A new attribute has a name and a value.", field="attributes")
            if name in now or name in found:
                raise InvalidRequest(f"There is an attribute {name[:60]} already; change that.", field="attributes")
            found[name] = value
    return found


def _can_be_typed(value: object) -> bool:
    return value is not None and not isinstance(value, list | dict)


def _typed(text: str, before: object) -> object:
    if isinstance(before, bool):
        return _WORDS.get(text.lower(), text)
    if isinstance(before, int | float) and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text
