"""`suppressions`: the numbers an account must not message."""

from pathlib import Path
from typing import Any

import click

from cli.shared.caller import by_hand
from cli.shared.csv_file import WrittenFile, csv_file, write_csv
from cli.shared.file_in import (
    encoding_option,
    file_in,
    mapping_option,
    opened,
    refusing_rejects,
    rejects_for,
    rejects_option,
    size_of,
)
from cli.shared.output import answers
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of, tenant_of
from dispatch.accounts.accounts import country_of
from dispatch.customers.import_upload import MAX_FILE_NAME
from dispatch.customers.suppression_files import (
    SuppressionReport,
    export_suppressions,
    import_suppressions,
)
from dispatch.customers.suppressions import (
    SuppressionView,
    add_suppression,
    list_suppressions,
    read_suppression,
    remove_suppression,
    suppression_of,
)
from dispatch.formats.csv_in import checked_lines
from models.customers.suppression import OPTED_OUT
from models.page import Page

_phone = click.argument("phone")


@click.group()
def suppressions() -> None:
    """Keep numbers from being messaged."""


@suppressions.command("list")
@account_option(required=False, help="Only this account's.  [default: all]")
@click.option("--search", metavar="TEXT", help="Part of a phone or reason.")
@pages
@answers()
@with_database
def list_(account: str | None, search: str | None, page: int, page_size: int) -> Page[SuppressionView]:
    """List suppressed numbers, newest first.

    \b
    python -m cli suppressions list --account Acme
    """
    return list_suppressions(by_hand(tenant_of(account)), page=page, page_size=page_size, q=search)


@suppressions.command()
@_phone
@account_option(help="Who must not message it.")
@answers()
@with_database
def show(phone: str, account: str) -> SuppressionView:
    """Show since when and why PHONE is suppressed.

    \b
    python -m cli suppressions show '+30 690 000 0001' --account Acme
    """
    return read_suppression(by_hand(id_of(account)), phone)


@suppressions.command()
@_phone
@account_option(help="Who must not message it.")
@click.option("--reason", default=OPTED_OUT, show_default=True, help="Why.")
@answers()
@with_database
def add(phone: str, account: str, reason: str) -> SuppressionView:
    """Keep PHONE from being messaged from now on, even by campaigns that are being sent.

    \b
    python -m cli suppressions add '+30 690 000 0001' --account Acme
    """
    found, _ = add_suppression(by_hand(id_of(account)), phone=phone, reason=reason, source="cli")
    return found


@suppressions.command()
@_phone
@account_option(help="Who may message it again.")
@answers()
@with_database
def remove(phone: str, account: str) -> dict[str, Any]:
    """Let PHONE be messaged again; a customer who is unsubscribed stays unsubscribed.

    \b
    python -m cli suppressions remove '+30 690 000 0001' --account Acme
    """
    caller = by_hand(id_of(account))
    suppression_id = suppression_of(caller, phone)
    remove_suppression(caller, suppression_id)
    return {"id": suppression_id, "removed": True}


def _nothing_came_in(report: SuppressionReport) -> bool:
    return report.rejected > 0 and not report.added + report.known


@suppressions.command("import")
@file_in
@account_option(help="Who must not message them.")
@rejects_option
@encoding_option
@mapping_option
@click.option("--dry-run", is_flag=True, help="Say what would be suppressed and rejected, and suppress nothing.")
@answers(failed=_nothing_came_in)
@with_database
def import_(
    file: Path, account: str, rejects: Path | None, encoding: str | None, mapping: dict[str, str], dry_run: bool
) -> SuppressionReport:
    """Suppress the numbers in a CSV FILE with a column `phone` and an optional column `reason`.

    Lines that cannot be read are written to the rejects file, with all their columns and the reason. A number without
    a country code that can be read in two ways is suppressed in both. The exit status is 1 when every line was
    rejected.

    \b
    python -m cli suppressions import optouts.csv --account Acme
    """
    caller = by_hand(id_of(account))
    rejects = rejects_for(file, rejects)
    with opened(file) as raw, refusing_rejects(rejects):
        size = size_of(raw)
        report = import_suppressions(
            caller,
            checked_lines(raw, encoding, country=country_of(caller)),
            mapping=mapping,
            rejects_path=rejects,
            dry_run=dry_run,
            file_name=file.name[-MAX_FILE_NAME:],
            size=size,
            position=raw.tell,
        )
    if report.rejected:
        click.echo(f"Rejected lines are in {rejects}", err=True)
    return report


@suppressions.command()
@csv_file
@account_option(help="The account of the suppressions.")
@answers()
@with_database
def export(file: Path, account: str) -> WrittenFile:
    """Write all suppressed numbers to a CSV FILE that `suppressions import` can read.

    \b
    python -m cli suppressions export optouts.csv --account Acme
    """
    return write_csv(export_suppressions(by_hand(id_of(account))), file)
