"""Reading messages, however many there are: batches say where to look, so nothing searches the table by state."""

from collections.abc import Iterator, Sequence
from typing import Any

from models.database import row, rows
from models.states import MESSAGE_STATES

_COLUMNS = """campaign_id, n, customer_id, phone, state, reason, error_code, attempts, deferrals, segments, encoding,
              body, provider, provider_id, not_before, sent_at"""
# Rows of one page of an export: enough that the query is not felt, few enough for flat memory.
EXPORT_PAGE = 2000


def page(campaign_id: int, states: Sequence[str], *, skip: int, limit: int) -> tuple[list[dict[str, Any]], int]:
    """`limit` messages in these states (none given: in any) after the first `skip`, and how many there are in all.

    The batches' counts say in which of them the page begins, so the ten-thousandth page costs what the first does.
    """
    wanted = " + ".join(_known(states) or ["size"])
    parts = rows(
        f"""SELECT first_n, first_n + size AS last_n, before FROM (
              SELECT first_n, size, here, sum(here) OVER (ORDER BY number) - here AS before
              FROM (SELECT number, first_n, size, {wanted} AS here FROM batch WHERE campaign_id = %(campaign)s) b) c
            WHERE here > 0 AND before < %(skip)s + %(limit)s AND before + here > %(skip)s ORDER BY first_n""",
        {"campaign": campaign_id, "skip": skip, "limit": limit},
    )
    counted = row(
        f"SELECT coalesce(sum({wanted}), 0)::bigint AS total FROM batch WHERE campaign_id = %s", [campaign_id]
    )
    assert counted is not None
    if not parts:
        return [], counted["total"]
    found = rows(
        f"""SELECT {_COLUMNS} FROM message
            WHERE campaign_id = %(campaign)s AND n >= %(first)s AND n < %(last)s
              AND (%(any)s OR state = ANY(%(states)s)) ORDER BY n LIMIT %(limit)s OFFSET %(skip)s""",
        {
            "campaign": campaign_id,
            "first": parts[0]["first_n"],
            "last": parts[-1]["last_n"],
            "any": not states,
            "states": list(states),
            "limit": limit,
            "skip": skip - int(parts[0]["before"]),
        },
    )
    return found, counted["total"]


def to_phone(campaign_id: int, phone: str) -> dict[str, Any] | None:
    """The campaign's message to this number."""
    return row(f"SELECT {_COLUMNS} FROM message WHERE campaign_id = %s AND phone = %s", [campaign_id, phone])


def one(campaign_id: int, n: int) -> dict[str, Any] | None:
    """One message."""
    return row(f"SELECT {_COLUMNS} FROM message WHERE campaign_id = %s AND n = %s", [campaign_id, n])


def every(campaign_id: int) -> Iterator[dict[str, Any]]:
    """All messages of the campaign, in pages by number; no cursor and no transaction stays open in between."""
    after = -1
    while found := rows(
        f"SELECT {_COLUMNS} FROM message WHERE campaign_id = %s AND n > %s ORDER BY n LIMIT {EXPORT_PAGE:d}",
        [campaign_id, after],
    ):
        yield from found
        after = found[-1]["n"]


def troubles(campaign_id: int) -> list[dict[str, Any]]:
    """Messages that did not arrive, or may not have, counted by state, reason and error code, most first.

    Only batches that count such a message are read.
    """
    return rows(
        """SELECT m.state, m.reason, m.error_code, count(*) AS messages FROM batch b
           JOIN message m ON m.campaign_id = b.campaign_id AND m.n >= b.first_n AND m.n < b.first_n + b.size
           WHERE b.campaign_id = %s AND b.failed + b.undelivered + b.unknown + b.unconfirmed + b.skipped > 0
             AND m.state IN ('failed', 'undelivered', 'unknown', 'unconfirmed', 'skipped')
           GROUP BY m.state, m.reason, m.error_code ORDER BY messages DESC, m.state, m.reason, m.error_code""",
        [campaign_id],
    )


def attempts(campaign_id: int) -> list[dict[str, Any]]:
    """Messages counted by state and number of attempts, the fewest attempts of a state first.

    It reads all messages of the campaign.
    """
    return rows(
        """SELECT state, attempts, count(*) AS messages FROM message WHERE campaign_id = %s
           GROUP BY state, attempts ORDER BY state DESC, attempts""",
        [campaign_id],
    )


def _known(states: Sequence[str]) -> list[str]:
    """The states as column names of a batch; a ValueError keeps anything else out of the SQL."""
    if unknown := set(states) - set(MESSAGE_STATES):
        raise ValueError(f"not states of a message: {sorted(unknown)}")
    return list(dict.fromkeys(states))
