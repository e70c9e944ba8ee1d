"""Receipts as services without a format of their own post them to us (docs/providers.md)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Literal

from dispatch.providers import Callback, Receipt
from dispatch.providers.http import short_word
from models.row import JsonObject

State = Literal["sent", "delivered", "undelivered", "read"]
STATES: dict[Any, State] = {"sent": "sent", "delivered": "delivered", "undelivered": "undelivered", "read": "read"}


def plain_receipts(callback: Callback) -> list[Receipt]:
    """Returns the receipt of {"id", "reference", "state", "error_code"?, "at"?}, or of a list of those."""
    found = (_receipt(item, callback, place) for place, item in enumerate(plain_items(callback)))
    return [receipt for receipt in found if receipt]


def plain_items(callback: Callback) -> list[Any]:
    """Returns what a request in our format says, each thing by itself; [None] if it is not JSON."""
    document = callback.document
    return document if isinstance(document, list) else [document]


def plain_key(item: JsonObject, callback: Callback, place: int) -> str | None:
    """Returns what is the same whenever this item is delivered again; None if the sender does not say.

    That is its id, or else the id of the request that Standard Webhooks signs, with the place in it.
    """
    given = item.get("id")
    if short := short_word(given):
        return short
    if isinstance(given, str) and given:
        return f"sha256:{sha256(given.encode(errors='replace')).hexdigest()}"
    headers = {name.lower(): value for name, value in callback.headers.items()}
    request = short_word(headers.get("webhook-id"))
    return f"{request}:{place}" if request else None


def fields_of(callback: Callback) -> dict[str, Any]:
    """Returns what a request says in its address and, as JSON or as a form, in its body."""
    document = callback.document
    return {**callback.query, **(document if isinstance(document, dict) else callback.form)}


def meta_items(document: Any, name: str) -> Iterator[JsonObject]:
    """Yields what Meta posts under a name, which is deep in lists that may each hold several."""
    for value in meta_values(document):
        yield from dicts(value, name)


def meta_values(document: Any) -> Iterator[Any]:
    """Yields what Meta posts about one of a business's numbers each."""
    for entry in dicts(document, "entry"):
        for change in dicts(entry, "changes"):
            yield change.get("value")


def dicts(holder: Any, name: str) -> Iterator[JsonObject]:
    """Yields the objects in the list that an object has under a name; nothing where one of these is something else."""
    found = holder.get(name) if isinstance(holder, dict) else None
    yield from (each for each in found if isinstance(each, dict)) if isinstance(found, list) else ()


def instant(value: Any) -> datetime | None:
    """Returns a time that is written in ISO 8601 with its zone, in UTC; None for anything else."""
    try:
        found = datetime.fromisoformat(value.upper())
        # PostgreSQL knows no offset of 16 hours or more, and Python no UTC before the year 1 or after 9999.
        return found.astimezone(UTC) if found.utcoffset() is not None else None
    except (AttributeError, TypeError, ValueError, OverflowError):
        return None


def _receipt(item: Any, callback: Callback, place: int) -> Receipt | None:
    said = item.get("state") if isinstance(item, dict) else None
    state = STATES.get(said) if isinstance(said, str) else None
    key = plain_key(item, callback, place) if state else None
    if key is None or state is None:
        return None
    return Receipt(
        key=key,
        state=state,
        reference=short_word(item.get("reference")),
        provider_id=short_word(item.get("provider_id")),
        error_code=short_word(item.get("error_code")),
        at=instant(item.get("at")),
    )
