"""Ids as they are in addresses and forms of the console."""

from typing import Any

from pydantic import BaseModel

from api.console import forms
from api.http.inputs import MAX_SEARCH, PathId
from dispatch.errors import InvalidRequest
from dispatch.formats.checks import can_be_id


class _Id(BaseModel):
    id: PathId


def id_of(text: Any) -> int:
    """Returns the id in an address; a ValidationError, shown as INVALID_ID, when it is no number."""
    return _Id(id=text).id


def typed_ids(name: str) -> list[int]:
    """Returns the ids that are ticked in the form; InvalidRequest when one is no id."""
    return [whole_number(each, name) for each in forms.sent().getlist(name)]


def typed_number(name: str) -> int | None:
    """Returns a whole number of the form, None for a field left empty; InvalidRequest when it is no number."""
    text = forms.typed(name).strip()
    return whole_number(text, name) if text else None


def chosen_number(name: str, otherwise: str) -> int:
    """Returns a whole number of the form; InvalidRequest, which says `otherwise`, for a field left empty."""
    number = typed_number(name)
    if number is None:
        raise InvalidRequest(otherwise, field=name)
    return number


def whole_number(text: str, called: str, *, field: str | None = None) -> int:
    """Returns the number; InvalidRequest, which says what it is called, when it is none or too large for an id."""
    if not text.isascii() or not text.isdigit() or len(text) > MAX_SEARCH or not can_be_id(int(text)):
        raise InvalidRequest(f"{called} must be a whole number.", field=field or called)
    return int(text)
