"""Reads messages, however many there are: batches say where to look, so nothing searches the table by state."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from models.database import db, one, row, rows
from models.messages.message import Message
from models.messages.parameters import TEXT
from models.page import Page
from models.states import MESSAGE_STATES

# Rows per page of an export: enough that the cost of a query does not matter, few enough for flat memory.
EXPORT_PAGE = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """The number of messages that did not arrive, or may not have, for one reason."""

    state: str
    reason: str | None
    error_code: str | None
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptCount:
    """The number of messages in this state after this many attempts."""

    state: str
    attempts: int
    messages: int


class MessageLine(NamedTuple):
    """A message as a line of an export; the fields are the header of the file."""

    message: str
    customer_id: int | None
    phone: str | None
    state: str
    reason: str | None
    error_code: str | None
    attempts: int
    segments: int
    encoding: str | None
    text: str
    provider: str | None
    provider_id: str | None
    sent_at: datetime | None
    #: When a person first opened one of its links.
    clicked_at: datetime | None
    #: Which of the campaign's texts it is; None if there is one, or the person is held back.
    variant: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a page is: messages [first, last), of which the first `skip` are on earlier pages; None for no messages."""

    first: int | None
    last: int | None
    skip: int | None
    total: int


# What people see of a message's state: the row of one in its batch's list is not written until its answer is there.
_SHOWN = """CASE WHEN m.state = 'pending' AND EXISTS (
    SELECT FROM batch f WHERE f.campaign_id = m.campaign_id AND m.n = ANY (f.in_flight)
      AND f.number = m.n / (SELECT batch_size FROM campaign WHERE id = m.campaign_id))
    THEN 'sending' ELSE m.state END"""
_CLICKED = "(SELECT min(at) FROM link_click k WHERE k.campaign_id = m.campaign_id AND k.n = m.n AND NOT k.by_bot)"
_NOT_COLUMNS = {"message": "campaign_id || '-' || n", "text": TEXT, "state": _SHOWN, "clicked_at": _CLICKED}
_LINE = ", ".join(_NOT_COLUMNS.get(field, field) for field in MessageLine._fields)


def page(campaign_id: int, states: Sequence[str], *, page: int, page_size: int) -> Page[Message]:
    """Returns one page of the campaign's messages in these states (none given: in any), in the order of sending."""
    place = _place(campaign_id, states, skip=(page - 1) * page_size, limit=page_size)
    if place.first is None:
        return Page([], place.total)
    found = rows(
        f"""SELECT m.*, {_SHOWN} AS state FROM message m
           WHERE m.campaign_id = %(campaign)s AND m.n >= %(first)s AND m.n < %(last)s
             AND (%(any)s OR {_SHOWN} = ANY(%(states)s)) ORDER BY m.n LIMIT %(limit)s OFFSET %(skip)s""",
        {
            "campaign": campaign_id,
            "first": place.first,
            "last": place.last,
            "any": not states,
            "states": list(states),
            "limit": page_size,
            "skip": place.skip,
        },
        into=Message,
    )
    return Page(found, place.total)


def _place(campaign_id: int, states: Sequence[str], *, skip: int, limit: int) -> _Place:
    """Finds the batches that hold messages skip … skip + limit of those in these states.

    They are found by the batches' counts, so the ten-thousandth page costs as much as the first.
    """
    wanted = " + ".join(_known(states) or ["size"])
    # A small number is sent as a smallint, and the sum of two can be too large for one.
    return one(
        f"""SELECT min(first_n) FILTER (WHERE on_page) AS first, max(first_n + size) FILTER (WHERE on_page) AS last,
                   %(skip)s - (min(before) FILTER (WHERE on_page))::bigint AS skip,
                   coalesce(sum(here), 0)::bigint AS total
            FROM (SELECT *, here > 0 AND before < %(skip)s::bigint + %(limit)s AND before + here > %(skip)s AS on_page
                  FROM (SELECT *, sum(here) OVER (ORDER BY number) - here AS before
                        FROM (SELECT number, first_n, size, {wanted} AS here FROM batch
                              WHERE campaign_id = %(campaign)s) AS counted) AS placed) AS judged""",
        {"campaign": campaign_id, "skip": skip, "limit": limit},
        into=_Place,
    )


def to_phone(campaign_id: int, phone: str) -> Message | None:
    """Returns the campaign's message to this number."""
    return _one("m.phone = %(phone)s", {"campaign": campaign_id, "phone": phone})


def find(campaign_id: int, n: int) -> Message | None:
    """Returns one message of the campaign."""
    return _one("m.n = %(n)s", {"campaign": campaign_id, "n": n})


def _one(condition: str, params: dict[str, Any]) -> Message | None:
    sql = f"SELECT m.*, {_SHOWN} AS state FROM message m WHERE m.campaign_id = %(campaign)s AND {condition}"
    return row(sql, params, into=Message)


def lines(campaign_id: int) -> Iterator[MessageLine]:
    """Yields all messages of the campaign, in pages by number: no cursor and no transaction is open in between."""
    last_n = -1
    while found := _lines_after(campaign_id, last_n):
        yield from (line for _, line in found)
        last_n, _ = found[-1]


def _lines_after(campaign_id: int, n: int) -> list[tuple[int, MessageLine]]:
    """Returns one page of the export: each message's number and line."""
    sql = f"SELECT n, {_LINE} FROM message m WHERE campaign_id = %s AND n > %s ORDER BY n LIMIT {EXPORT_PAGE:d}"
    found = db.connection().execute(sql, [campaign_id, n]).fetchall()
    return [(values[0], MessageLine._make(values[1:])) for values in found]


def troubles(campaign_id: int) -> list[Trouble]:
    """Counts messages that did not arrive, or may not have, by state, reason and error code, largest first.

    Only batches that count such a message are read: without OFFSET, PostgreSQL may begin with the messages, and reads
    all of them.
    """
    return rows(
        """SELECT m.state, m.reason, m.error_code, count(*) AS messages FROM batch b
           CROSS JOIN LATERAL (
             SELECT state, reason, error_code FROM message
             WHERE campaign_id = b.campaign_id AND n >= b.first_n AND n < b.first_n + b.size
               AND state IN ('failed', 'undelivered', 'unknown', 'unconfirmed', 'skipped') OFFSET 0) m
           WHERE b.campaign_id = %s AND b.failed + b.undelivered + b.unknown + b.unconfirmed + b.skipped > 0
           GROUP BY m.state, m.reason, m.error_code ORDER BY messages DESC, m.state, m.reason, m.error_code""",
        [campaign_id],
        into=Trouble,
    )


def sampled_times(campaign_id: int, *, messages: int, most: int) -> list[datetime]:
    """Returns, in order, when about `most` of the campaign's messages were sent, spread evenly over all of them.

    Each is looked up by its number, so a large campaign costs as much as a small one.
    """
    step = max(1, messages // most)
    found = rows(
        """SELECT sent_at FROM generate_series(0, %(last)s, %(step)s) AS wanted (n)
           JOIN message m ON m.campaign_id = %(campaign)s AND m.n = wanted.n
           WHERE sent_at IS NOT NULL ORDER BY sent_at""",
        {"campaign": campaign_id, "last": max(0, messages - 1), "step": step},
    )
    return [each["sent_at"] for each in found]


def skipped(campaign_id: int) -> dict[str, int]:
    """Counts the campaign's messages that are not sent, by reason; only batches with such messages are read."""
    found = rows(
        """SELECT m.reason, count(*) AS messages FROM batch b
           JOIN message m ON m.campaign_id = b.campaign_id AND m.n >= b.first_n AND m.n < b.first_n + b.size
           WHERE b.campaign_id = %s AND b.skipped > 0 AND m.state = 'skipped' GROUP BY m.reason ORDER BY m.reason""",
        [campaign_id],
    )
    return {each["reason"]: each["messages"] for each in found}


def attempts(campaign_id: int) -> list[AttemptCount]:
    """Counts messages by state and number of attempts, fewest attempts first; reads all messages."""
    return rows(
        f"""SELECT {_SHOWN} AS state, attempts, count(*) AS messages FROM message m WHERE campaign_id = %s
           GROUP BY 1, attempts ORDER BY state DESC, attempts""",
        [campaign_id],
        into=AttemptCount,
    )


def _known(states: Sequence[str]) -> list[str]:
    """Returns the states as column names of a batch; a ValueError keeps anything else out of the SQL."""
    if unknown := set(states) - set(MESSAGE_STATES):
        raise ValueError(f"not states of a message: {sorted(unknown)}")
    return list(dict.fromkeys(states))
