"""`credits`: what an account may spend. One credit pays for one segment of one message."""

import click

from cli.shared.caller import by_hand
from cli.shared.output import answers
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of
from dispatch.accounts.accounts import BalanceView
from dispatch.accounts.credits import LedgerEntryView, balance, ledger, top_up
from models.page import Page


@click.group()
def credits() -> None:
    """Top up and show an account's credits."""


@credits.command()
@account_option(help="The account that gets them.")
@click.option("--amount", required=True, type=int, metavar="N", help="How many credits to add.")
@answers()
@with_database
def topup(account: str, amount: int) -> BalanceView:
    """Add credits to an account. The next sweep checks the campaigns that waited for them.

    \b
    python -m cli credits topup --account Acme --amount 10000
    """
    return top_up(by_hand(id_of(account)), amount)


@credits.command()
@account_option(help="The account.")
@answers()
@with_database
def show(account: str) -> BalanceView:
    """Show the credits to spend and those held for campaigns that have started.

    \b
    python -m cli credits show --account Acme
    """
    return balance(by_hand(id_of(account)))


@credits.command("ledger")
@account_option(help="The account.")
@pages
@answers()
@with_database
def ledger_(account: str, page: int, page_size: int) -> Page[LedgerEntryView]:
    """List every movement, newest first: top-ups, and what campaigns held, captured and released.

    \b
    python -m cli credits ledger --account Acme
    """
    return ledger(by_hand(id_of(account)), page=page, page_size=page_size)
