"""Writes the messages and batches of a campaign that is being prepared, by COPY, a chunk at a time."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from models.database import db


class NewMessage(NamedTuple):
    """A message to write; a tuple, because there is one for each recipient."""

    campaign_id: int
    n: int
    customer_id: int | None
    phone: str
    body: str
    encoding: str
    segments: int
    state: str
    reason: str | None
    not_before: datetime | None
    send_until: datetime | None
    zone: str | None


class NewBatch(NamedTuple):
    """A batch to write; `next_due_at` is None when one of its messages may be sent at once."""

    campaign_id: int
    number: int
    first_n: int
    size: int
    pending: int
    skipped: int
    price: int
    next_due_at: datetime | None


def copy_messages(messages: Iterable[NewMessage]) -> None:
    """Writes the messages, in the caller's transaction."""
    _copy(f"COPY message ({', '.join(NewMessage._fields)}) FROM STDIN", messages)


def copy_batches(batches: Iterable[NewBatch]) -> None:
    """Writes the batches, in the caller's transaction."""
    _copy(f"COPY batch ({', '.join(NewBatch._fields)}) FROM STDIN", batches)


def _copy(statement: str, records: Iterable[tuple[object, ...]]) -> None:
    with db.connection().cursor() as cursor, cursor.copy(statement) as copy:
        for record in records:
            copy.write_row(record)
