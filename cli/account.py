"""`account`: the tenants."""

from typing import Any

import click

from cli.caller import by_hand
from cli.output import answers, show_value
from cli.servers import with_database
from dispatch.accounts import create_account
from models.database import rows


@click.group()
def account() -> None:
    """Create and list accounts."""


@account.command()
@click.argument("name")
@click.option("--no-subscription", is_flag=True, help="Leave it without a subscription; it cannot send.")
@click.option("--country", metavar="GR", help="Where phone numbers without a country code are read.")
@answers()
@with_database
def create(name: str, no_subscription: bool, country: str | None) -> dict[str, Any]:
    """Create an account called NAME. It has an active subscription, and no credits yet.

    \b
    python -m cli account create Acme --country GR
    """
    return create_account(name, subscribed=not no_subscription, country=country, **by_hand())


def _show_list(accounts: list[dict[str, Any]]) -> None:
    show_value([{key: value for key, value in each.items() if key != "id"} for each in accounts])


@account.command("list")
@answers(show=_show_list)
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
