"""`subscription`: whether an account may send."""

import click

from cli.shared.arguments import time_of
from cli.shared.caller import by_hand
from cli.shared.output import answers
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of
from dispatch.accounts.accounts import SubscriptionView, change_subscription, read_subscription
from models.account import SUBSCRIPTION_STATES


@click.group()
def subscription() -> None:
    """Show and set an account's subscription."""


@subscription.command()
@account_option(help="The account.")
@answers()
@with_database
def show(account: str) -> SubscriptionView:
    """Show the plan, its status, and when the paid period ends.

    \b
    python -m cli subscription show --account Acme
    """
    return read_subscription(by_hand(id_of(account)))


@subscription.command("set")
@account_option(help="The account.")
@click.option("--plan", default="standard", show_default=True, help="Name of the plan.")
@click.option("--status", required=True, type=click.Choice(SUBSCRIPTION_STATES), help="Only an active one may send.")
@click.option("--until", metavar="ISO8601", help="When the paid period ends.  [default: it does not]")
@answers()
@with_database
def set_(account: str, plan: str, status: str, until: str | None) -> SubscriptionView:
    """Replace an account's subscription. The next sweep checks the campaigns that waited for it.

    \b
    python -m cli subscription set --account Acme --status active --until 2030-01-31T00:00:00Z
    """
    ends_at = time_of(until, option="--until") if until else None
    return change_subscription(by_hand(id_of(account)), plan=plan, status=status, ends_at=ends_at)
