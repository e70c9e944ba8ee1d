"""`customers imports`: what is being imported or was, by whichever way its file came."""

import click

from cli.shared.arguments import row_id
from cli.shared.caller import by_hand
from cli.shared.named import Deleted
from cli.shared.output import answers, show_columns
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, tenant_of
from dispatch.customers.import_upload import CustomerImportView, cancel_import, delete_import, list_imports, read_import
from models.page import Page
from models.tenancy import ALL_ACCOUNTS

_import_id = click.argument("import_id", metavar="ID", type=row_id)
_show = show_columns(
    "id", "kind", "status", "list_name", "file_name", "lines", "imported", "updated", "rejected", "error"
)


@click.group()
def imports() -> None:
    """See imports, of suppressed numbers too, stop one or delete it."""


@imports.command("list")
@account_option(required=False, help="Only this account's.  [default: all]")
@pages
@answers(show=_show)
@with_database
def list_(account: str | None, page: int, page_size: int) -> Page[CustomerImportView]:
    """List imports, newest first.

    \b
    python -m cli customers imports list --account Acme
    """
    return list_imports(by_hand(tenant_of(account)), page=page, page_size=page_size)


@imports.command()
@_import_id
@answers()
@with_database
def show(import_id: int) -> CustomerImportView:
    """Show how far an import is, and what its columns were taken for.

    \b
    python -m cli customers imports show 1
    """
    return read_import(by_hand(ALL_ACCOUNTS), import_id)


@imports.command()
@_import_id
@answers()
@with_database
def cancel(import_id: int) -> CustomerImportView:
    """Stop an import. What it has imported stays.

    \b
    python -m cli customers imports cancel 1
    """
    return cancel_import(by_hand(ALL_ACCOUNTS), import_id)


@imports.command()
@_import_id
@answers()
@with_database
def delete(import_id: int) -> Deleted:
    """Delete an import that has ended, and its rejected lines. What it has imported stays.

    \b
    python -m cli customers imports delete 1
    """
    delete_import(by_hand(ALL_ACCOUNTS), import_id)
    return Deleted(import_id)
