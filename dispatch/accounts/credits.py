"""What an account may spend: topped up, shown, and entry by entry."""

from typing import Any

from dispatch.caller import Caller
from dispatch.errors import InvalidRequest, NotFound
from dispatch.formats.json_row import plain_all
from models import credit
from models.account import Account
from models.campaign import Campaign
from models.database import db, row, rows

# A sum of these cannot overflow a bigint in this world.
MOST_CREDITS = 1_000_000_000_000


def top_up(caller: Caller, amount: int) -> dict[str, int]:
    """Adds credits and gives the new balance; campaigns that waited for credits are looked at again."""
    account_id = caller.one_account()
    if not 1 <= amount <= MOST_CREDITS:
        raise InvalidRequest(f"The amount is a whole number from 1 to {MOST_CREDITS}.", field="amount")
    with db.atomic():
        balance = credit.top_up(account_id, amount, actor=caller.actor)
        if balance is None:
            raise NotFound("There is no such account.")
        Campaign.unblock(account_id, "INSUFFICIENT_CREDITS")
        caller.note("credits.topped_up", account_id, account_id=account_id, amount=amount)
    return balance


def balance(caller: Caller) -> dict[str, int]:
    """The credits an account may spend and those held for campaigns under way."""
    standing = Account.standing(caller.one_account())
    if standing is None:
        raise NotFound("There is no such account.")
    return {"available": standing["available"], "held": standing["held"]}


def ledger(caller: Caller, *, page: int = 1, page_size: int = 20) -> tuple[list[dict[str, Any]], int]:
    """One page of the account's movements, newest first, and how many there are; their sums are the balance."""
    given = {"account": caller.one_account(), "limit": page_size, "offset": (page - 1) * page_size}
    found = rows(
        """SELECT id, kind, available_delta, held_delta, campaign_id, epoch, actor, at FROM credit_entry
           WHERE account_id = %(account)s ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s""",
        given,
    )
    total = row("SELECT count(*) AS total FROM credit_entry WHERE account_id = %(account)s", given)
    assert total is not None
    return plain_all(found), total["total"]
