"""Credits: an insert-only ledger and the two sums on the account that it must equal (I7).

The account row is touched once per hold and once per settlement, never per message.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models.database import db, row, rows
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


def top_up(account_id: UUID, amount: int, *, actor: str) -> dict[str, int] | None:
    """Adds credits and gives the new balance; None when there is no such account."""
    return row(
        """WITH entry AS (
             INSERT INTO credit_entry (account_id, kind, available_delta, held_delta, actor)
             SELECT id, 'topup', %(amount)s, 0, %(actor)s FROM account WHERE id = %(account)s RETURNING account_id)
           UPDATE account SET credits_available = credits_available + %(amount)s FROM entry WHERE id = entry.account_id
           RETURNING credits_available AS available, credits_held AS held""",
        {"account": account_id, "amount": amount, "actor": actor},
    )


def hold(account_id: UUID, campaign_id: int, epoch: int, amount: int, *, actor: str) -> bool:
    """Sets credits aside for one start of a campaign; False when the account has too few."""
    return bool(
        rows(
            """WITH paid AS (
                 UPDATE account SET credits_available = credits_available - %(amount)s,
                                    credits_held = credits_held + %(amount)s
                 WHERE id = %(account)s AND credits_available >= %(amount)s RETURNING id)
               INSERT INTO credit_entry (account_id, campaign_id, epoch, kind, available_delta, held_delta, actor)
               SELECT id, %(campaign)s, %(epoch)s, 'hold', -%(amount)s, %(amount)s, %(actor)s FROM paid RETURNING id""",
            {
                "account": account_id,
                "campaign": campaign_id,
                "epoch": epoch,
                "amount": amount,
                "actor": actor,
            },
        )
    )


def settle(campaign_id: int) -> bool:
    """Captures what was sent and releases what never will be, as far as that is known by now; may be called again.

    What is still unknown stays held. True once nothing of the hold is open any more.
    """
    with db.atomic():
        campaign = row("SELECT * FROM campaign WHERE id = %s FOR NO KEY UPDATE", [campaign_id])
        assert campaign is not None
        spent = row(
            """SELECT coalesce(sum(captured), 0)::bigint AS captured, coalesce(sum(uncertain), 0)::bigint AS uncertain,
                      coalesce(sum(pending + sending), 0)::bigint AS open FROM batch WHERE campaign_id = %s""",
            [campaign_id],
        )
        assert spent is not None
        if campaign["status"] not in ("completed", "cancelled", "failed") or spent["open"]:
            return False
        # A campaign cancelled while it was prepared holds nothing, whatever its batches would have cost.
        capture = spent["captured"] - campaign["captured"] if campaign["held"] else 0
        release = campaign["held"] - campaign["released"] - spent["captured"] - spent["uncertain"]
        _enter(campaign, "capture", capture)
        _enter(campaign, "release", release if campaign["held"] else 0)
        rows(
            """UPDATE campaign SET captured = captured + %(capture)s, released = released + %(release)s,
                      settled_at = CASE WHEN captured + released + %(capture)s + %(release)s = held THEN now() END
               WHERE id = %(id)s""",
            {"id": campaign_id, "capture": capture, "release": release if campaign["held"] else 0},
        )
        return spent["uncertain"] == 0


def _enter(campaign: dict, kind: str, amount: int) -> None:
    """One settlement entry and its effect on the account, in the caller's transaction."""
    if amount == 0:
        return
    back = amount if kind == "release" else 0
    rows(
        """WITH entry AS (
             INSERT INTO credit_entry (account_id, campaign_id, epoch, kind, available_delta, held_delta, actor)
             VALUES (%(account)s, %(campaign)s, %(epoch)s, %(kind)s, %(back)s, -%(amount)s::bigint, 'settlement')
             RETURNING account_id)
           UPDATE account SET credits_available = credits_available + %(back)s, credits_held = credits_held - %(amount)s
           FROM entry WHERE id = entry.account_id""",
        {
            "account": campaign["account_id"],
            "campaign": campaign["id"],
            "epoch": campaign["claim_epoch"],
            "kind": kind,
            "amount": amount,
            "back": back,
        },
    )
