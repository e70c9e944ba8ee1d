"""Writes the messages and batches of a campaign that is being prepared, by COPY, a chunk at a time."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from models.database import db, rows


class NewMessage(NamedTuple):
    """A message to write; a tuple, because there is one for each recipient."""

    campaign_id: int
    n: int
    customer_id: int | None
    #: None when the number has a message of the campaign already, and this one is skipped.
    phone: str | None
    body: str
    encoding: str
    segments: int
    state: str
    reason: str | None
    not_before: datetime | None
    send_until: datetime | None
    zone: str | None


# The times come last, and most campaigns have none: then three columns fewer go through COPY.
_UNTIMED = NewMessage._fields[: NewMessage._fields.index("not_before")]


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


def copy_messages(messages: Iterable[NewMessage], *, timed: bool) -> None:
    """Writes the messages, in the caller's transaction; when none is `timed`, their times need not be written."""
    fields = NewMessage._fields if timed else _UNTIMED
    count = len(fields)
    _copy(f"COPY message ({', '.join(fields)}) FROM STDIN", [message[:count] for message in messages])


def without_repeated(campaign_id: int, messages: Sequence[NewMessage]) -> list[NewMessage]:
    """Returns the messages, with those to a number that has one of the campaign already as skipped `duplicate`s.

    Such a message keeps its customer but not the number, which belongs to one message of a campaign.
    """
    phones = [message.phone for message in messages]
    found = rows("SELECT phone FROM message WHERE campaign_id = %s AND phone = ANY(%s)", [campaign_id, phones])
    seen = {each["phone"] for each in found}
    kept = []
    for message in messages:
        if message.phone in seen:
            message = message._replace(
                state="skipped", reason="duplicate", phone=None, not_before=None, send_until=None
            )
        else:
            seen.add(message.phone)
        kept.append(message)
    return kept


def copy_batches(batches: Iterable[NewBatch]) -> None:
    """Writes the batches, in the caller's transaction."""
    _copy(f"COPY batch ({', '.join(NewBatch._fields)}) FROM STDIN", batches)


def _copy(statement: str, records: Iterable[tuple[object, ...]]) -> None:
    with db.connection().cursor() as cursor, cursor.copy(statement) as copy:
        for record in records:
            copy.write_row(record)
