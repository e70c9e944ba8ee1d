"""A row as it is shown: times as ISO 8601 and ids as text, everything else as it is."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """The row in values that JSON has."""
    return {name: _value(value) for name, value in row.items()}


def plain_all(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each of the rows."""
    return [plain(row) for row in rows]


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
