"""`customers`: an account's customers; the import from CSV has a file of its own."""

from pathlib import Path
from typing import Any

import click

from cli.customers.add import add
from cli.customers.importing import import_
from cli.customers.imports import imports
from cli.shared.arguments import row_id
from cli.shared.caller import by_hand
from cli.shared.csv_file import WrittenFile, csv_file, write_csv
from cli.shared.named import Deleted
from cli.shared.output import answers, show_columns
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of, tenant_of
from dispatch.customers.attributes import AttributeView, list_attributes
from dispatch.customers.customers import (
    CustomerView,
    delete_customer,
    edit_customer,
    list_customers,
    read_customer,
)
from dispatch.customers.export import export_customers
from dispatch.customers.phone_types import fill_phone_types
from models.customers.customer import CONSENTS
from models.page import Page
from models.tenancy import ALL_ACCOUNTS

show_customers = show_columns(
    "id", "phone", "first_name", "last_name", "location", "prefered_product", "consent", "suppressed"
)

_customer_id = click.argument("customer_id", metavar="ID", type=row_id)


@click.group()
def customers() -> None:
    """Import, add, find, edit and delete customers."""


customers.add_command(import_)
customers.add_command(add)
customers.add_command(imports)


@customers.command("list")
@account_option(required=False, help="Only this account's.  [default: all]")
@click.option("--search", metavar="TEXT", help="Parts of names in any case, or of a phone.")
@pages
@answers(show=show_customers)
@with_database
def list_(account: str | None, search: str | None, page: int, page_size: int) -> Page[CustomerView]:
    """List customers, newest first.

    \b
    python -m cli customers list --account Acme --search Ann
    """
    return list_customers(by_hand(tenant_of(account)), page=page, page_size=page_size, q=search)


@customers.command()
@_customer_id
@answers()
@with_database
def show(customer_id: int) -> CustomerView:
    """Show a customer, and whether the phone may be messaged.

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
def edit(customer_id: int, remove_opt_out: bool, **given: str | None) -> CustomerView:
    """Change a customer. Options left out change nothing.

    A customer who is unsubscribed is suppressed too; subscribing again lifts that only with --remove-opt-out.
    When the phone changes and the old one is suppressed, the new one is too.

    \b
    python -m cli customers edit 1 --consent unsubscribed
    """
    changes: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    return edit_customer(by_hand(ALL_ACCOUNTS), customer_id, remove_opt_out=remove_opt_out, **changes)


@customers.command()
@account_option(help="Whose customers.")
@pages
@answers(show=show_columns("name", "type", "customers", "types", "estimated"))
@with_database
def attributes(account: str, page: int, page_size: int) -> Page[AttributeView]:
    """List the attributes that the account's customers have: for placeholders of texts and fields of segments.

    Each with its type and how many customers have it. Of an account with more than 100,000 customers the numbers are
    estimates.

    \b
    python -m cli customers attributes --account Acme
    """
    return list_attributes(by_hand(id_of(account)), page=page, page_size=page_size)


@customers.command("phone-types")
@account_option(help="Whose customers.")
@answers()
@with_database
def phone_types(account: str) -> dict[str, int]:
    """Count the account's customers by the kind of their numbers: mobile, fixed, premium and so on.

    Numbers that came in before their kind was stored are looked at first; doing it again changes nothing.

    \b
    python -m cli customers phone-types --account Acme
    """
    return fill_phone_types(by_hand(id_of(account)))


@customers.command()
@_customer_id
@answers()
@with_database
def delete(customer_id: int) -> Deleted:
    """Delete a customer. Messages stay as they are, and an opt-out remains in force.

    \b
    python -m cli customers delete 1
    """
    delete_customer(by_hand(ALL_ACCOUNTS), customer_id)
    return Deleted(customer_id)


@customers.command()
@csv_file
@account_option(help="The account of the customers.")
@answers()
@with_database
def export(file: Path, account: str) -> WrittenFile:
    """Write all customers to a CSV FILE that `customers import` can read.

    \b
    python -m cli customers export customers.csv --account Acme
    """
    return write_csv(export_customers(by_hand(id_of(account))), file)
