"""`customers add`: one customer, typed by hand."""

import click

from cli.shared.caller import by_hand
from cli.shared.output import answers
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of
from dispatch.customers.customers import CustomerView, create_customer


@click.command()
@click.argument("phone")
@account_option(help="The account of the customer.")
@click.option("--first-name", help="Given name.")
@click.option("--last-name", help="Family name.")
@click.option("--location", help="Where they live.")
@click.option("--prefered-product", help="What they like to buy.")
@click.option("--zone", metavar="Europe/Athens", help="Their time zone.")
@answers()
@with_database
def add(phone: str, account: str, **given: str | None) -> CustomerView:
    """Add a customer with this PHONE, which may be written as people write it.

    \b
    python -m cli customers add '690 000 0001' --account Acme --first-name Maria
    """
    values = {field: value for field, value in given.items() if value is not None}
    return create_customer(by_hand(id_of(account)), phone=phone, **values)
