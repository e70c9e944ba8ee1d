"""What an account may spend: topped up, shown, and entry by entry."""

from typing import Any

from dispatch.accounts.accounts import BalanceView, account_with_id
from dispatch.caller import Caller
from dispatch.errors import InvalidRequest, NotFound
from dispatch.formats.json_row import plain_all
from models import credit
from models.campaign import Campaign
from models.database import db, row, rows

# A sum of these cannot overflow a bigint in this world.
MOST_CREDITS = 1_000_000_000_000


def top_up(caller: Caller, amount: int) -> BalanceView:
    """Adds credits and returns the new balance; the next sweep checks the campaigns that waited for credits."""
    account_id = caller.one_account()
    if not 1 <= amount <= MOST_CREDITS:
        raise InvalidRequest(f"The amount is a whole number from 1 to {MOST_CREDITS}.", field="amount")
    with db.atomic():
        balance = credit.top_up(account_id, amount, actor=caller.actor)
        if balance is None:
            raise NotFound("There is no such account.")
        Campaign.unblock(account_id, "INSUFFICIENT_CREDITS")
        caller.note("credits.topped_up", account_id, account_id=account_id, amount=amount)
    return BalanceView(**balance)


def balance(caller: Caller) -> BalanceView:
    """Returns the account's credits."""
    return BalanceView.of(account_with_id(caller.one_account()))


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
