"""`lists`: named sets of an account's customers."""

import click

from cli.customers import show_customers
from cli.shared.arguments import ids_of
from cli.shared.caller import by_hand
from cli.shared.named import Deleted, delete_named
from cli.shared.output import answers
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of, tenant_of
from dispatch.customers.customers import CustomerView
from dispatch.customers.list_members import (
    AddedMembersView,
    RemovedMembersView,
    add_members,
    list_members,
    remove_members,
)
from dispatch.customers.lists import (
    CustomerListView,
    create_list,
    delete_list,
    list_called,
    list_lists,
    read_list,
    rename_list,
)
from models.page import Page

_name = click.argument("name")
_customers = click.option("--customers", required=True, metavar="1,2,3", help="The ids of the customers.")


@click.group()
def lists() -> None:
    """Create lists of customers, and change who is on them."""


@lists.command("list")
@account_option(required=False, help="Only this account's.  [default: all]")
@click.option("--search", metavar="TEXT", help="Part of a name.")
@pages
@answers()
@with_database
def list_(account: str | None, search: str | None, page: int, page_size: int) -> Page[CustomerListView]:
    """List lists, newest first, with how many customers are on each.

    \b
    python -m cli lists list --account Acme
    """
    return list_lists(by_hand(tenant_of(account)), page=page, page_size=page_size, q=search)


@lists.command()
@_name
@account_option(help="The account of the list.")
@answers()
@with_database
def show(name: str, account: str) -> CustomerListView:
    """Show the list called NAME, with how many customers are on it; `lists members` shows them.

    \b
    python -m cli lists show spring --account Acme
    """
    caller = by_hand(id_of(account))
    return read_list(caller, list_called(caller, name))


@lists.command()
@_name
@account_option(help="The account of the list.")
@answers()
@with_database
def create(name: str, account: str) -> CustomerListView:
    """Create an empty list called NAME.

    \b
    python -m cli lists create spring --account Acme
    """
    return create_list(by_hand(id_of(account)), name=name)


@lists.command()
@_name
@click.argument("new_name")
@account_option(help="The account of the list.")
@answers()
@with_database
def rename(name: str, new_name: str, account: str) -> CustomerListView:
    """Rename the list called NAME.

    \b
    python -m cli lists rename spring 'spring 2030' --account Acme
    """
    caller = by_hand(id_of(account))
    return rename_list(caller, list_called(caller, name), name=new_name)


@lists.command()
@_name
@account_option(help="The account of the list.")
@answers()
@with_database
def delete(name: str, account: str) -> Deleted:
    """Delete the list called NAME; its customers stay. Refused while a campaign names it.

    \b
    python -m cli lists delete spring --account Acme
    """
    return delete_named(name, account, find=list_called, delete=delete_list)


@lists.command()
@_name
@account_option(help="The account of the list.")
@pages
@answers(show=show_customers)
@with_database
def members(name: str, account: str, page: int, page_size: int) -> Page[CustomerView]:
    """List who is on the list called NAME.

    \b
    python -m cli lists members spring --account Acme
    """
    caller = by_hand(id_of(account))
    return list_members(caller, list_called(caller, name), page=page, page_size=page_size)


@lists.command()
@_name
@account_option(help="The account of the list.")
@_customers
@answers()
@with_database
def add(name: str, account: str, customers: str) -> AddedMembersView:
    """Add customers to the list called NAME: all of them or, if one is unknown, none.

    \b
    python -m cli lists add spring --account Acme --customers 1,2,3
    """
    caller = by_hand(id_of(account))
    ids = ids_of(customers, option="--customers")
    return add_members(caller, list_called(caller, name), ids)


@lists.command()
@_name
@account_option(help="The account of the list.")
@_customers
@answers()
@with_database
def remove(name: str, account: str, customers: str) -> RemovedMembersView:
    """Remove customers from the list called NAME; they are not deleted.

    \b
    python -m cli lists remove spring --account Acme --customers 1,2,3
    """
    caller = by_hand(id_of(account))
    ids = ids_of(customers, option="--customers")
    return remove_members(caller, list_called(caller, name), ids)
