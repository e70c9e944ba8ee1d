"""Reads the database for tests."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from dispatch.accounts.accounts import AccountView
from models.database import connected, db, row, rows
from models.messages import batch

# Authentication and running processes write these, whatever is requested.
_ALWAYS_WRITTEN = ("api_key", "heartbeat", "schema_migration")


def stored_rows(*, besides: Sequence[str] = ()) -> dict[str, list[str]]:
    """Returns every row of every table but those and `besides`, to show that something changed nothing."""
    tables = rows(
        "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL (%s)",
        [[*_ALWAYS_WRITTEN, *besides]],
    )
    return {table["name"]: sorted(map(repr, rows(f"SELECT * FROM {table['name']}"))) for table in tables}


def campaign_row(campaign_id: int) -> dict[str, Any]:
    """Returns the campaign's row."""
    found = row("SELECT * FROM campaign WHERE id = %s", [campaign_id])
    assert found is not None
    return found


def campaigns() -> list[dict[str, Any]]:
    """Returns the id, state, kind and parent of every campaign."""
    return rows("SELECT id, status, kind, parent_id FROM campaign ORDER BY id")


def states(campaign_id: int) -> dict[str, int]:
    """Counts the campaign's messages by state; fails unless rows and batches agree."""
    with _one_moment():
        counts = asdict(batch.stats([campaign_id])[campaign_id])
        found = rows(
            """SELECT count(*)::int AS n,
                   CASE WHEN m.state = 'pending' AND m.n = ANY (b.in_flight) THEN 'sending' ELSE m.state END AS state
               FROM message m JOIN batch b ON b.campaign_id = m.campaign_id
                 AND m.n >= b.first_n AND m.n < b.first_n + b.size
               WHERE m.campaign_id = %s GROUP BY 2""",
            [campaign_id],
        )
    counted = {state: n for state, n in counts.items() if n and state != "total"}
    assert counted == {one["state"]: one["n"] for one in found}
    return counted


def money(campaign_id: int) -> tuple[int, int, int]:
    """Returns the campaign's credits: held, captured and released."""
    campaign = campaign_row(campaign_id)
    return campaign["held"], campaign["captured"], campaign["released"]


def phones_of(account: AccountView) -> list[str]:
    """Returns the phones of the account's customers, oldest first."""
    found = rows("SELECT phone FROM customer WHERE account_id = %s ORDER BY id", [account.id])
    return [customer["phone"] for customer in found]


def recipients_of(campaign_id: int) -> list[str]:
    """Returns the phones that the campaign has a message for."""
    found = rows("SELECT phone FROM message WHERE campaign_id = %s ORDER BY phone", [campaign_id])
    return [message["phone"] for message in found]


@contextmanager
def _one_moment() -> Iterator[None]:
    """All statements of the block see the database as it is at the first, whatever workers do meanwhile."""
    if db.in_transaction():
        yield
        return
    with connected(), db.atomic():
        db.execute_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield
