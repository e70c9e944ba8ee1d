"""What an account may spend: topped up, shown, and listed entry by entry."""

from typing import Literal

from dispatch.accounts.accounts import BalanceView, account_with_id
from dispatch.caller import Caller
from dispatch.errors import InvalidRequest, NotFound
from dispatch.formats.view import Time, View
from models import credit
from models.campaigns import blocking
from models.database import db
from models.page import Page

# Sums of such amounts stay far below what a bigint holds.
MAX_CREDITS = 1_000_000_000_000


class LedgerEntryView(View):
    """One movement; the sums of both columns are the balance."""

    id: int
    kind: Literal["topup", "hold", "capture", "release", "adjust"]
    available_delta: int
    held_delta: int
    campaign_id: int | None
    epoch: int | None
    actor: str
    at: Time


def top_up(caller: Caller, amount: int) -> BalanceView:
    """Adds credits and returns the new balance; the next sweep checks the campaigns that waited for credits."""
    account_id = caller.one_account()
    if not 1 <= amount <= MAX_CREDITS:
        raise InvalidRequest(f"The amount is a whole number from 1 to {MAX_CREDITS}.", field="amount")
    with db.atomic():
        account = credit.top_up(account_id, amount, actor=caller.actor)
        if account is None:
            raise NotFound("There is no such account.")
        blocking.unblock(account_id, "INSUFFICIENT_CREDITS")
        caller.note("credits.topped_up", account_id, account_id=account_id, amount=amount)
    return BalanceView.of(account)


def balance(caller: Caller) -> BalanceView:
    """Returns the account's credits."""
    return BalanceView.of(account_with_id(caller.one_account()))


def ledger(caller: Caller, *, page: int = 1, page_size: int = 20) -> Page[LedgerEntryView]:
    """Returns one page of the account's movements, newest first."""
    return credit.ledger(caller.one_account(), page=page, page_size=page_size).map(LedgerEntryView.model_validate)
