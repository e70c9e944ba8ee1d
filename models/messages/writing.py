"""Writes the messages and batches of a campaign that is being prepared, by COPY, a chunk at a time."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from psycopg import Copy

from models.database import db, rows

# A message to write, with the fields of NewMessage in their order: there is one for each recipient, and making a plain
# tuple takes a sixth of the time.
MessageRow: TypeAlias = tuple[
    int,
    int,
    int | None,
    str | None,
    str,
    str,
    int,
    str,
    str | None,
    datetime | None,
    datetime | None,
    str | None,
    int | None,
]


# Places in it.
BODY: Final = 4
SEGMENTS: Final = 6
STATE: Final = 7
NOT_BEFORE: Final = 9


class NewMessage(NamedTuple):
    """A message to write."""

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
    #: Which of the campaign's texts it has, if there are several.
    variant: int | None


# The times and the variant come last, and most campaigns have neither: then four columns fewer go through COPY.
_UNTIMED = NewMessage._fields[: NewMessage._fields.index("not_before")]
_TIMED = NewMessage._fields[:-1]
# https://www.postgresql.org/docs/current/sql-copy.html, under File Formats, Text Format
_NULL = r"\N"
_ESCAPES = (("\\", r"\\"), ("\t", r"\t"), ("\n", r"\n"), ("\r", r"\r"))


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


def copy_messages(groups: Iterable[Sequence[MessageRow]], *, timed: bool, split: bool) -> list[MessageRow]:
    """Writes the messages, in the caller's transaction, and returns them all.

    The server writes each group while the next one is made. When none is `timed`, their times need not be written, and
    when the campaign is not `split` between texts, their variants need not be.
    """
    fields, lines = (_TIMED, _timed_lines) if timed else (_UNTIMED, _lines)
    if split:
        fields, lines = NewMessage._fields, _split_lines
    written: list[MessageRow] = []
    with _copying("message", fields) as copy:
        for group in groups:
            copy.write("".join(lines(group)).encode())
            written += group
    return written


def _lines(group: Sequence[MessageRow]) -> list[str]:
    """Returns the lines of COPY for messages without times; psycopg would adapt each value, in Python."""
    bodies = [row[BODY] for row in group]
    # Nothing else of a message has such characters, and few texts do.
    together = "".join(bodies)
    if any(character in together for character, _ in _ESCAPES):
        bodies = [_escaped(body) for body in bodies]
    return [
        f"{campaign_id}\t{n}\t{_NULL if customer_id is None else customer_id}\t{phone or _NULL}\t{body}\t{encoding}"
        f"\t{segments}\t{state}\t{reason or _NULL}\n"
        for (campaign_id, n, customer_id, phone, _, encoding, segments, state, reason, _, _, _, _), body in zip(
            group, bodies, strict=True
        )
    ]


def _timed_lines(group: Sequence[MessageRow]) -> list[str]:
    return [
        f"{line[:-1]}\t{not_before or _NULL}\t{send_until or _NULL}\t{zone or _NULL}\n"
        for (*_, not_before, send_until, zone, _), line in zip(group, _lines(group), strict=True)
    ]


def _split_lines(group: Sequence[MessageRow]) -> list[str]:
    return [
        f"{line[:-1]}\t{_NULL if row[-1] is None else row[-1]}\n"
        for row, line in zip(group, _timed_lines(group), strict=True)
    ]


def _escaped(text: str) -> str:
    for character, escape in _ESCAPES:
        text = text.replace(character, escape)
    return text


def without_repeated(campaign_id: int, messages: Iterable[MessageRow]) -> list[MessageRow]:
    """Returns the messages, with those to a number that has one of the campaign already as skipped `duplicate`s.

    Such a message keeps its customer but not the number, which belongs to one message of a campaign.
    """
    made = list(map(NewMessage._make, messages))
    phones = [message.phone for message in made]
    found = rows("SELECT phone FROM message WHERE campaign_id = %s AND phone = ANY(%s)", [campaign_id, phones])
    seen = {each["phone"] for each in found}
    kept: list[MessageRow] = []
    for message in made:
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
    with _copying("batch", NewBatch._fields) as copy:
        for batch in batches:
            copy.write_row(batch)


@contextmanager
def _copying(table: str, fields: Sequence[str]) -> Iterator[Copy]:
    with db.connection().cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(fields)}) FROM STDIN") as copy:
        yield copy
