"""`account`: the accounts, each with its settings, subscription and credits."""

from functools import partial
from typing import Any

import click

from cli.shared.arguments import text_of
from cli.shared.caller import by_hand
from cli.shared.output import answers, show_value
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import id_of
from dispatch.accounts.accounts import (
    AccountView,
    change_account,
    change_business,
    create_account,
    list_accounts,
    read_account,
)
from dispatch.accounts.quotas import QuotasView, change_quotas
from dispatch.receipts.settings import ReplySettingsView, change_reply_settings
from models.account import OVER_CAP
from models.page import Page
from models.tenancy import ALL_ACCOUNTS

_name = click.argument("name")
_business_id = click.option(
    "--business-id", metavar="TEXT", help="The account in user-service and business-service ('' removes it)."
)

_answer = partial(click.option, metavar="TEXT", callback=text_of)


@click.group()
def account() -> None:
    """Create, show, change and list accounts."""


@account.command()
@_name
@click.option("--no-subscription", is_flag=True, help="Create it without a subscription; it cannot send.")
@click.option("--country", metavar="GR", help="Where phone numbers without a country code are read.")
@_business_id
@answers()
@with_database
def create(name: str, no_subscription: bool, country: str | None, business_id: str | None) -> dict[str, str]:
    """Create an account called NAME, with an active subscription and no credits.

    \b
    python -m cli account create Acme --country GR
    """
    made = create_account(
        by_hand(ALL_ACCOUNTS), name, subscribed=not no_subscription, country=country, business_id=business_id
    )
    return {"id": str(made.id), "name": made.name}


@account.command()
@_name
@answers()
@with_database
def show(name: str) -> AccountView:
    """Show an account with its subscription and credits.

    \b
    python -m cli account show Acme
    """
    return read_account(by_hand(id_of(name)))


@account.command()
@_name
@click.option("--name", "new_name", metavar="NEW", help="What the account is called from now on.")
@click.option("--country", metavar="GR", help="Where phone numbers without a country code are read.")
@click.option("--approval-above", type=int, metavar="N", help="Larger campaigns need the approval of a second key.")
@click.option("--no-approval", is_flag=True, help="No campaign needs an approval.")
@click.option("--zone", metavar="NAME", help="IANA time zone of the account, such as Europe/Athens.")
@click.option("--quiet-hours", metavar="HOURS", help="No marketing then: off, default or like 22:00-09:00.")
@click.option("--cap-per-day", type=int, metavar="N", help="Marketing messages one person gets in 24 hours; 0: any.")
@click.option("--cap-per-week", type=int, metavar="N", help="Marketing messages one person gets in 7 days; 0: any.")
@click.option("--text-to", metavar="KINDS", help="Also text to fixed, premium or shared_cost numbers, or to none.")
@click.option("--link-url", metavar="URL", help="What the short links in texts begin with; none: PUBLIC_URL.")
@click.option("--over-cap", type=click.Choice(OVER_CAP), help="What becomes of a message above a cap.")
@_business_id
@answers()
@with_database
def change(
    name: str,
    new_name: str | None,
    approval_above: int | None,
    no_approval: bool,
    business_id: str | None,
    **options: str | int | None,
) -> AccountView:
    """Change an account's settings. Options left out change nothing.

    Quiet hours are those of each recipient's own clock, and what comes up then waits until they end.
    `default` takes those of the recipient's country.

    Landlines, premium and shared-cost numbers get no texts unless --text-to names them.

    \b
    python -m cli account change Acme --name 'Acme Shoes'
    python -m cli account change Acme --approval-above 5000
    python -m cli account change Acme --quiet-hours 22:00-09:00 --cap-per-week 3
    python -m cli account change Acme --text-to fixed,shared_cost
    python -m cli account change Acme --link-url https://go.acme.example
    """
    if no_approval and approval_above is not None:
        raise click.UsageError("Use either --approval-above N or --no-approval, not both.")
    given = {"name": new_name, **options}
    changes: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    if "text_to" in changes:
        named = changes["text_to"].strip().lower()
        changes["text_to"] = [] if named in ("", "none") else [kind.strip() for kind in named.split(",")]
    if "link_url" in changes and changes["link_url"].strip().lower() in ("", "none"):
        changes["link_url"] = None
    for cap in ("cap_per_day", "cap_per_week"):
        if changes.get(cap) == 0:
            changes[cap] = None
    if no_approval or approval_above is not None:
        changes["approval_above"] = approval_above
    caller = by_hand(id_of(name))
    if business_id is not None:
        change_business(caller, business_id or None)
    return change_account(caller, changes)


@account.command()
@_name
@click.option("--open-imports", metavar="N", help="Imports of customers that have not ended.")
@click.option("--scheduled-campaigns", metavar="N", help="Campaigns that are scheduled or recurring.")
@click.option("--stored-rows", metavar="N", help="Customers and places on lists; opt-outs are always kept.")
@click.option("--messages-per-day", metavar="N", help="Messages of the campaigns that start in a day of UTC.")
@click.option("--credits-per-day", metavar="N", help="Credits that those campaigns hold.")
@click.option("--countries", metavar="GR,DE", help="To whose numbers the account may send.")
@answers()
@with_database
def quotas(name: str, countries: str | None, **limits: str | None) -> QuotasView:
    """Show an account's limits and what is used of them; options set one, and `none` removes it.

    \b
    python -m cli account quotas Acme
    python -m cli account quotas Acme --credits-per-day 50000 --open-imports none
    python -m cli account quotas Acme --countries GR,CY
    """
    changes: dict[str, Any] = {field: _limit(field, given) for field, given in limits.items() if given is not None}
    if countries is not None:
        changes["countries"] = None if countries.strip().lower() == "none" else countries.split(",")
    return change_quotas(by_hand(id_of(name)), changes)


@account.command()
@_name
@click.option("--stop-words", metavar="WORD,WORD", help="Also end messages; '' removes them.")
@click.option("--start-words", metavar="WORD,WORD", help="Also bring back who has opted out.")
@click.option("--help-words", metavar="WORD,WORD", help="Also ask for help.")
@_answer("--help-answer", help="What HELP is answered; '' for nothing, default for the usual text.")
@_answer("--stop-answer", help="Confirms an opt-out; '' for nothing, as at first.")
@_answer("--start-answer", help="Confirms that someone comes back; '' for nothing, as at first.")
@answers()
@with_database
def replies(name: str, **given: str | None) -> ReplySettingsView:
    """Show what an account takes for STOP, START and HELP, and what it answers; options replace its own.

    A word counts when it is a whole reply, apart from case, accents, punctuation and spaces. The built-in words always
    count.

    \b
    python -m cli account replies Acme
    python -m cli account replies Acme --stop-words 'ΣΤΟΠ,ΔΙΑΚΟΠΗ' --start-words ΕΝΑΡΞΗ --help-words ΒΟΗΘΕΙΑ
    python -m cli account replies Acme --help-answer 'Acme Shoes, 210 1234567. STOP ends messages.'
    """
    changes: dict[str, Any] = {}
    for field, text in given.items():
        if text is not None and field.endswith("_words"):
            changes[field] = [each for each in text.split(",") if each.strip()]
        elif text is not None:
            changes[field] = None if text.strip().lower() == "default" else text
    return change_reply_settings(by_hand(id_of(name)), changes)


def _limit(field: str, given: str) -> int | None:
    if given.strip().lower() == "none":
        return None
    if not given.strip().isdecimal():
        raise click.UsageError(f"--{field.replace('_', '-')} takes a whole number, or none for any number.")
    return int(given)


def _show_list(accounts: Page[AccountView]) -> None:
    show_value(
        [
            {
                "name": each.name,
                "country": each.country,
                "subscription": each.subscription.status,
                "available": each.credits.available,
                "held": each.credits.held,
            }
            for each in accounts.rows
        ]
    )


@account.command("list")
@pages
@answers(show=_show_list)
@with_database
def list_(page: int, page_size: int) -> Page[AccountView]:
    """List accounts, newest first, with their credits.

    \b
    python -m cli account list
    """
    return list_accounts(by_hand(ALL_ACCOUNTS), page=page, page_size=page_size)
