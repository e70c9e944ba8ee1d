"""`customers`: an account's customers; the import from CSV has a file of its own."""

from pathlib import Path
from typing import Any

import click

from cli.customers_import import import_
from cli.shared.caller import by_hand
from cli.shared.csv_file import WrittenFile, csv_file, write_csv
from cli.shared.output import answers, show_value
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of, tenant_of
from dispatch.customers.customers import CONSENTS, delete_customer, edit_customer, list_customers, read_customer
from dispatch.customers.export import export_customers
from models.tenancy import ALL_ACCOUNTS

_EDITABLE = ("phone", "first_name", "last_name", "location", "prefered_product", "zone", "consent")

_customer_id = click.argument("customer_id", metavar="ID", type=click.IntRange(1, 2**63 - 1))


@click.group()
def customers() -> None:
    """Import, find, edit and delete customers."""


customers.add_command(import_)


def show_customers(found: list[dict[str, Any]]) -> None:
    """Shows customers to people, one line each."""
    kept = ("id", "phone", "first_name", "last_name", "location", "prefered_product", "consent", "suppressed")
    show_value([{key: each[key] for key in kept} for each in found])


@customers.command("list")
@account_option(required=False, help="Only this account's.  [default: all]")
@click.option("--search", metavar="TEXT", help="Part of a name or phone.")
@click.option("--page", type=click.IntRange(1), default=1, show_default=True, help="Which page.")
@click.option("--page-size", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many on a page.")
@answers(show=show_customers)
@with_database
def list_(account: str | None, search: str | None, page: int, page_size: int) -> list[dict[str, Any]]:
    """List customers, newest first.

    \b
    python -m cli customers list --account Acme --search Ann
    """
    found, _ = list_customers(by_hand(tenant_of(account)), page=page, page_size=page_size, q=search)
    return found


@customers.command()
@_customer_id
@answers()
@with_database
def show(customer_id: int) -> dict[str, Any]:
    """Show a customer, and whether anything may be sent to the phone.

    \b
    python -m cli customers show 1
    """
    return read_customer(by_hand(ALL_ACCOUNTS), customer_id)


@customers.command()
@_customer_id
@click.option("--phone", help="As people write it.")
@click.option("--first-name", help="Given name.")
@click.option("--last-name", help="Family name.")
@click.option("--location", help="Where they live.")
@click.option("--prefered-product", help="What they like to buy.")
@click.option("--zone", metavar="Europe/Athens", help="Their time zone.")
@click.option("--consent", type=click.Choice(CONSENTS), help="Whether they may be messaged.")
@click.option("--remove-opt-out", is_flag=True, help="With --consent subscribed: lift the suppression of an opt-out.")
@answers()
@with_database
def edit(customer_id: int, remove_opt_out: bool, **given: str | None) -> dict[str, Any]:
    """Change a customer; only what is named changes.

    Who is unsubscribed is suppressed too. To subscribe again lifts that only with --remove-opt-out.

    \b
    python -m cli customers edit 1 --consent unsubscribed
    """
    changes = {field: given[field] for field in _EDITABLE if given[field] is not None}
    return edit_customer(by_hand(ALL_ACCOUNTS), customer_id, changes, remove_opt_out=remove_opt_out)


@customers.command()
@_customer_id
@answers()
@with_database
def delete(customer_id: int) -> dict[str, Any]:
    """Delete a customer. Messages stay as they are, and so does an opt-out.

    \b
    python -m cli customers delete 1
    """
    delete_customer(by_hand(ALL_ACCOUNTS), customer_id)
    return {"id": customer_id, "deleted": True}


@customers.command()
@csv_file
@account_option(help="Whose customers.")
@answers()
@with_database
def export(file: Path, account: str) -> WrittenFile:
    """Write all customers to a CSV FILE, as `customers import` takes it back.

    \b
    python -m cli customers export customers.csv --account Acme
    """
    return write_csv(export_customers(by_hand(id_of(account))), file)
