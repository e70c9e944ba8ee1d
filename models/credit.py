"""Credits: an insert-only ledger and the two sums on the account that it must equal (I7).

The account row is touched once per hold and once per settlement, never per message.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models.account import Account
from models.database import changed, db, row, rows
from models.page import Page, read_page
from models.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditEntry(Row):
    """One movement of an account's credits."""

    id: int
    account_id: UUID
    #: The campaign and the start of it that this is for; None for a top-up.
    campaign_id: int | None
    epoch: int | None
    kind: str
    available_delta: int
    held_delta: int
    actor: str
    at: datetime


def top_up(account_id: UUID, amount: int, *, actor: str) -> Account | None:
    """Adds credits and returns the account; None when there is no such account."""
    return row(
        """WITH entry AS (
             INSERT INTO credit_entry (account_id, kind, available_delta, held_delta, actor)
             SELECT id, 'topup', %(amount)s, 0, %(actor)s FROM account WHERE id = %(account)s RETURNING account_id)
           UPDATE account SET credits_available = credits_available + %(amount)s FROM entry
           WHERE account.id = entry.account_id RETURNING account.*""",
        {"account": account_id, "amount": amount, "actor": actor},
        into=Account,
    )


def ledger(account_id: UUID, *, page: int, page_size: int) -> Page[CreditEntry]:
    """Returns one page of the account's movements, newest first."""
    return read_page(
        "SELECT * FROM credit_entry WHERE account_id = %(account)s",
        {"account": account_id},
        order="id DESC",
        page=page,
        page_size=page_size,
        into=CreditEntry,
    )


def hold(account_id: UUID, campaign_id: int, *, epoch: int, amount: int, actor: str) -> bool:
    """Sets credits aside for one start of a campaign; False when the account has too few."""
    return bool(
        changed(
            """WITH paid AS (
                 UPDATE account SET credits_available = credits_available - %(amount)s,
                                    credits_held = credits_held + %(amount)s
                 WHERE id = %(account)s AND credits_available >= %(amount)s RETURNING id)
               INSERT INTO credit_entry (account_id, campaign_id, epoch, kind, available_delta, held_delta, actor, at)
               SELECT id, %(campaign)s, %(epoch)s, 'hold', -%(amount)s, %(amount)s, %(actor)s, now() FROM paid""",
            {
                "account": account_id,
                "campaign": campaign_id,
                "epoch": epoch,
                "amount": amount,
                "actor": actor,
            },
        )
    )


# The batches are read in the statement after the one that locks the campaign, because a statement sees the rows of the
# moment it began, not of the moment it got its lock. Nothing else writes `captured` and `released` of an ended
# campaign, so a second settlement waits, and then sees what the first one settled. A late answer may be recorded at the
# same time; the next call settles it. A campaign that was cancelled while it was prepared holds nothing, whatever its
# batches would have cost.
_SETTLE = """
WITH spent AS MATERIALIZED (
    SELECT coalesce(sum(captured), 0)::bigint AS captured, coalesce(sum(uncertain), 0)::bigint AS uncertain,
           coalesce(sum(pending + sending), 0)::bigint AS open FROM batch WHERE campaign_id = %(campaign)s),
due AS MATERIALIZED (
    SELECT c.id, c.account_id, c.claim_epoch, spent.uncertain,
           CASE WHEN c.held > 0 THEN spent.captured - c.captured ELSE 0 END AS capture,
           CASE WHEN c.held > 0 THEN c.held - c.released - spent.captured - spent.uncertain ELSE 0 END AS release
    FROM campaign c CROSS JOIN spent
    WHERE c.id = %(campaign)s AND c.status IN ('completed', 'cancelled', 'failed') AND spent.open = 0),
entered AS (
    INSERT INTO credit_entry (account_id, campaign_id, epoch, kind, available_delta, held_delta, actor)
    SELECT due.account_id, due.id, due.claim_epoch, entry.kind, entry.back, -entry.amount, 'settlement'
    FROM due CROSS JOIN LATERAL (
        VALUES ('capture', due.capture, 0), ('release', due.release, due.release)) AS entry (kind, amount, back)
    WHERE entry.amount <> 0),
moved AS (
    UPDATE account SET credits_available = credits_available + due.release,
                       credits_held = credits_held - due.capture - due.release
    FROM due WHERE account.id = due.account_id AND (due.capture <> 0 OR due.release <> 0))
UPDATE campaign c SET captured = c.captured + due.capture, released = c.released + due.release,
                      settled_at = CASE WHEN c.captured + c.released + due.capture + due.release = c.held THEN now() END
FROM due WHERE c.id = due.id RETURNING due.uncertain
"""


def settle(campaign_id: int) -> bool:
    """Captures what was sent and releases what never will be, as far as that is known by now; may be called again.

    What is still unknown stays held. Returns True once nothing is.
    """
    with db.atomic():
        rows("SELECT FROM campaign WHERE id = %s FOR NO KEY UPDATE", [campaign_id])
        return settle_locked(campaign_id)


def settle_locked(campaign_id: int) -> bool:
    """Does the same for a campaign that the caller's transaction has locked, in an earlier statement."""
    settled = row(_SETTLE, {"campaign": campaign_id})
    return settled is not None and settled["uncertain"] == 0
