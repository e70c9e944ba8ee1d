"""`account`: the tenants."""

from typing import Any

import click

from cli.shared.caller import by_hand
from cli.shared.output import answers, show_columns
from cli.shared.servers import with_database
from cli.shared.tenant import id_of
from dispatch.accounts.accounts import change_account, create_account, read_account
from models.database import rows
from models.tenancy import ALL_ACCOUNTS

_name = click.argument("name")


@click.group()
def account() -> None:
    """Create, show, change and list accounts."""


@account.command()
@_name
@click.option("--no-subscription", is_flag=True, help="Leave it without a subscription; it cannot send.")
@click.option("--country", metavar="GR", help="Where phone numbers without a country code are read.")
@answers()
@with_database
def create(name: str, no_subscription: bool, country: str | None) -> dict[str, Any]:
    """Create an account called NAME. It has an active subscription, and no credits yet.

    \b
    python -m cli account create Acme --country GR
    """
    return create_account(by_hand(ALL_ACCOUNTS), name, subscribed=not no_subscription, country=country)


@account.command()
@_name
@answers()
@with_database
def show(name: str) -> dict[str, Any]:
    """Show an account with its subscription and credits.

    \b
    python -m cli account show Acme
    """
    return read_account(by_hand(id_of(name)))


@account.command()
@_name
@click.option("--country", metavar="GR", help="Where phone numbers without a country code are read.")
@click.option("--approval-above", type=int, metavar="N", help="Larger campaigns need the approval of a second key.")
@click.option("--no-approval", is_flag=True, help="No campaign needs an approval.")
@answers()
@with_database
def change(name: str, country: str | None, approval_above: int | None, no_approval: bool) -> dict[str, Any]:
    """Change an account's settings. What is not named stays.

    \b
    python -m cli account change Acme --approval-above 5000
    """
    if no_approval and approval_above is not None:
        raise click.UsageError("Say either --approval-above N or --no-approval.")
    changes: dict[str, Any] = {"country": country} if country is not None else {}
    if no_approval or approval_above is not None:
        changes["approval_above"] = approval_above
    return change_account(by_hand(id_of(name)), changes)


@account.command("list")
@answers(show=show_columns("name", "country", "subscription", "available", "held"))
@with_database
def list_() -> list[dict[str, Any]]:
    """List accounts with their credits.

    \b
    python -m cli account list
    """
    return rows(
        """SELECT id, name, country, subscription_status AS subscription,
                  credits_available AS available, credits_held AS held
           FROM account ORDER BY name"""
    )
