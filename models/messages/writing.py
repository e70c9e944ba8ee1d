"""Writes the messages and batches of a campaign that is being prepared, by COPY, a chunk at a time."""

from collections.abc import Iterable
from typing import TypeAlias

from models.database import db

# campaign_id, n, customer_id, phone, body, encoding, segments, state, reason; a tuple, because there is one for each
# recipient.
NewMessage: TypeAlias = tuple[int, int, int | None, str, str, str, int, str, str | None]
# campaign_id, number, first_n, size, pending, skipped, price
NewBatch: TypeAlias = tuple[int, int, int, int, int, int, int]


def copy_messages(messages: Iterable[NewMessage]) -> None:
    """Writes the messages, in the caller's transaction."""
    _copy(
        "COPY message (campaign_id, n, customer_id, phone, body, encoding, segments, state, reason) FROM STDIN",
        messages,
    )


def copy_batches(batches: Iterable[NewBatch]) -> None:
    """Writes the batches, in the caller's transaction."""
    _copy("COPY batch (campaign_id, number, first_n, size, pending, skipped, price) FROM STDIN", batches)


def _copy(statement: str, records: Iterable[tuple[object, ...]]) -> None:
    with db.connection().cursor() as cursor, cursor.copy(statement) as copy:
        for record in records:
            copy.write_row(record)
