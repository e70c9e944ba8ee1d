"""`customers import`: a CSV file of any length into an account and onto a list."""

from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cli.shared.caller import by_hand
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
from cli.shared.output import answers, console, wants_json
from cli.shared.servers import with_database
from cli.shared.unwritten import CliConsole
from dispatch.accounts.accounts import account_named
from dispatch.counting import counted
from dispatch.customers.import_trial import try_import
from dispatch.customers.import_upload import MAX_FILE_NAME
from dispatch.customers.imports import ImportReport, import_customers
from dispatch.customers.said_elsewhere import check_first_lines
from dispatch.formats.csv_in import CsvFile, lines_of
from dispatch.formats.encodings import encoding_of
from models.customers.phone_types import LEFT_OUT


def _show(report: ImportReport) -> None:
    console().print(
        f"[bold]{report.imported}[/bold] imported, [bold]{report.updated}[/bold] updated, "
        + (f"[bold]{report.repeated}[/bold] repeated, " if report.repeated else "")
        + f"[bold]{report.rejected}[/bold] rejected; "
        + (f"list {report.list_id}" if report.list_id else "only tried, nothing is written")
    )
    if report.not_asked:
        console().print(f"Lines of people not asked for consent, who are unsubscribed if new: {report.not_asked}")
    if left_out := {kind: report.phone_types[kind] for kind in LEFT_OUT if kind in report.phone_types}:
        kinds = ", ".join(f"{lines} {kind}" for kind, lines in left_out.items())
        console().print(f"Numbers that get no texts unless the account's text_to names their kind: {kinds}")


def _nothing_came_in(report: ImportReport) -> bool:
    return report.rejected > 0 and not report.imported + report.updated


@click.command("import")
@file_in
@click.option("--account", required=True, metavar="NAME", help="The account that gets the customers.")
@click.option("--list", "list_name", required=True, metavar="NAME", help="The list; created if it does not exist.")
@click.option("--country", metavar="GR", help="Of numbers without a country code.  [default: the account's country]")
@rejects_option
@encoding_option
@mapping_option
@click.option("--dry-run", is_flag=True, help="Say what would be imported and rejected, and import nothing.")
@answers(show=_show, failed=_nothing_came_in)
@with_database
def import_(
    file: Path,
    account: str,
    list_name: str,
    country: str | None,
    rejects: Path | None,
    encoding: str | None,
    mapping: dict[str, str],
    dry_run: bool,
) -> ImportReport:
    """Import customers from a CSV FILE (- for standard input) and put them on a list.

    The first line names the columns: phone, and any of first_name, last_name, location, prefered_product,
    zone and consent; other columns become attributes. Words that people use for phone and names are known;
    --map says what others mean. Lines that cannot be imported are written to the rejects file, with all
    their columns and the reason; repair them there and import that file. Importing a file again changes nothing.
    The exit status is 1 when every line was rejected.

    \b
    python -m cli customers import customers.csv --account Acme --list spring
    python -m cli customers import customers.csv --account Acme --list spring --map phone=Contact
    """
    tenant = account_named(account)
    rejects = rejects_for(file, rejects)
    options = Options(list_name, country or tenant.country, rejects, encoding, mapping, dry_run)
    report = _import(file, tenant.id, options)
    if report.rejected:
        click.echo(f"Rejected lines are in {rejects}", err=True)
    return report


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is imported."""

    list_name: str
    country: str | None
    rejects: Path
    encoding: str | None
    mapping: dict[str, str]
    dry_run: bool


def _import(file: Path, account_id: UUID, options: Options) -> ImportReport:
    with opened(file) as raw, _progress() as bar, refusing_rejects(options.rejects):
        size = size_of(raw)
        encoding = encoding_of(raw, options.encoding, country=options.country)
        _tell_columns(raw, encoding, options.mapping)
        task = bar.add_task(file.name, total=size, lines=counted(0, "line"))

        def advance(report: ImportReport) -> None:
            done = report.imported + report.updated + report.repeated + report.rejected
            bar.update(task, completed=raw.tell(), lines=counted(done, "line"))

        if options.dry_run:
            return try_import(
                by_hand(account_id),
                lines_of(raw, encoding),
                default_country=options.country,
                mapping=options.mapping,
                rejects_path=options.rejects,
            )
        return import_customers(
            by_hand(account_id),
            lines_of(raw, encoding),
            list_name=options.list_name,
            default_country=options.country,
            mapping=options.mapping,
            rejects_path=options.rejects,
            progress=advance,
            file_name=file.name[-MAX_FILE_NAME:],
            size=size,
            position=raw.tell,
        )


def _tell_columns(raw: IO[bytes], encoding: str, mapping: dict[str, str]) -> None:
    file = CsvFile(lines_of(raw, encoding), mapping=mapping)
    check_first_lines(file)
    raw.seek(0)
    click.echo("Columns: " + ", ".join(f"{name} = {cell}" for cell, name in file.header.mapping.items()), err=True)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[lines]}"),
        TimeRemainingColumn(),
        console=CliConsole(stderr=True),
        disable=wants_json(),
    )
