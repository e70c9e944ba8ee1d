"""Credits: an insert-only ledger and the two sums on the account that it must equal (I7).

The account row is touched once per hold and once per settlement, never per message.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from models.account import Account
from models.database import changed, db, one, row
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """How much of its hold an ended campaign has settled so far."""

    id: int
    account_id: UUID
    claim_epoch: int
    held: int
    captured: int
    released: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spent:
    """What its batches say: credits of sent messages, credits of unknown ones, and the number of open messages."""

    captured: int
    uncertain: int
    open: int


def settle(campaign_id: int) -> bool:
    """Captures what was sent and releases what never will be, as far as that is known by now; may be called again.

    What is still unknown stays held. Returns True once nothing is.
    """
    # To read, add up and then write is safe here: nothing else writes `captured` and `released` of an ended campaign,
    # and the lock comes first, so that a second settlement waits and then sees what the first one settled. The batches
    # are read in a separate statement after the lock, because a statement sees the rows of the moment it began, not of
    # the moment it got its lock. A late answer may be recorded at the same time; the next call settles it.
    with db.atomic():
        campaign = row(
            """SELECT id, account_id, claim_epoch, held, captured, released FROM campaign
               WHERE id = %s AND status IN ('completed', 'cancelled', 'failed') FOR NO KEY UPDATE""",
            [campaign_id],
            into=_Ended,
        )
        spent = one(
            """SELECT coalesce(sum(captured), 0)::bigint AS captured, coalesce(sum(uncertain), 0)::bigint AS uncertain,
                      coalesce(sum(pending + sending), 0)::bigint AS open FROM batch WHERE campaign_id = %s""",
            [campaign_id],
            into=_Spent,
        )
        if campaign is None or spent.open:
            return False
        # A campaign cancelled while it was prepared holds nothing, whatever its batches would have cost.
        capture = spent.captured - campaign.captured if campaign.held else 0
        release = campaign.held - campaign.released - spent.captured - spent.uncertain if campaign.held else 0
        _enter(campaign, "capture", capture)
        _enter(campaign, "release", release)
        changed(
            """UPDATE campaign SET captured = captured + %(capture)s, released = released + %(release)s,
                      settled_at = CASE WHEN captured + released + %(capture)s + %(release)s = held THEN now() END
               WHERE id = %(id)s""",
            {"id": campaign_id, "capture": capture, "release": release},
        )
        return spent.uncertain == 0


def _enter(campaign: _Ended, kind: Literal["capture", "release"], amount: int) -> None:
    """Writes one entry of a settlement and its effect on the account, in the caller's transaction."""
    if amount == 0:
        return
    back = amount if kind == "release" else 0
    changed(
        """WITH entry AS (
             INSERT INTO credit_entry (account_id, campaign_id, epoch, kind, available_delta, held_delta, actor)
             VALUES (%(account)s, %(campaign)s, %(epoch)s, %(kind)s, %(back)s, -%(amount)s::bigint, 'settlement')
             RETURNING account_id)
           UPDATE account SET credits_available = credits_available + %(back)s, credits_held = credits_held - %(amount)s
           FROM entry WHERE id = entry.account_id""",
        {
            "account": campaign.account_id,
            "campaign": campaign.id,
            "epoch": campaign.claim_epoch,
            "kind": kind,
            "amount": amount,
            "back": back,
        },
    )
