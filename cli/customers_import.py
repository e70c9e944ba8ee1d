"""`customers import`: a CSV file of any length into an account and onto a list."""

from pathlib import Path
from uuid import UUID

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cli.shared.caller import by_hand
from cli.shared.output import answers, console, wants_json
from cli.shared.servers import with_database
from dispatch.accounts.accounts import account_named
from dispatch.customers.import_upload import MAX_FILE_NAME
from dispatch.customers.imports import ImportReport, import_customers
from dispatch.formats.csv_in import open_csv
from embedded.refusal import Refused

_FILE = click.Path(dir_okay=False, path_type=Path)


def _show(report: ImportReport) -> None:
    console().print(
        f"[bold]{report.imported}[/bold] imported, [bold]{report.updated}[/bold] updated, "
        f"[bold]{report.rejected}[/bold] rejected; list {report.list_id}"
    )


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--account", required=True, metavar="NAME", help="The account that gets the customers.")
@click.option("--list", "list_name", required=True, metavar="NAME", help="The list; created if it does not exist.")
@click.option("--country", metavar="GR", help="Of numbers without a country code.  [default: the account's country]")
@click.option(
    "--rejects",
    type=_FILE,
    metavar="FILE",
    help="File for rejected lines.  [default: rejected-FILE beside it]",
)
@answers(show=_show)
@with_database
def import_(file: Path, account: str, list_name: str, country: str | None, rejects: Path | None) -> ImportReport:
    """Import customers from a CSV FILE and put them on a list.

    The first line names the columns: phone, and any of first_name, last_name, location, prefered_product;
    other columns become attributes. Lines that cannot be imported are written to the rejects file, with
    number and reason; the rest is imported. Importing a file again changes nothing.

    \b
    python -m cli customers import customers.csv --account Acme --list spring
    """
    tenant = account_named(account)
    rejects = rejects or file.with_name(f"rejected-{file.name}")
    if rejects.resolve() == file.resolve():
        raise Refused("The rejects file cannot be the imported file; choose another with --rejects.")
    report = _import(file, tenant.id, list_name=list_name, country=country or tenant.country, rejects=rejects)
    if report.rejected:
        click.echo(f"Rejected lines are in {rejects}", err=True)
    return report


def _import(file: Path, account_id: UUID, *, list_name: str, country: str | None, rejects: Path) -> ImportReport:
    with open_csv(file) as lines, _progress() as bar:
        task = bar.add_task(file.name, total=file.stat().st_size, lines=0)

        def advance(report: ImportReport) -> None:
            done = report.imported + report.updated + report.rejected
            bar.update(task, completed=lines.buffer.tell(), lines=done)

        try:
            return import_customers(
                by_hand(account_id),
                lines,
                list_name=list_name,
                default_country=country,
                rejects_path=rejects,
                progress=advance,
                file_name=file.name[-MAX_FILE_NAME:],
                size=file.stat().st_size,
                position=lines.buffer.tell,
            )
        except OSError as problem:
            raise Refused(
                f"{problem.filename or rejects}: {problem.strerror}; choose another file with --rejects."
            ) from None


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%  {task.fields[lines]} lines"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=wants_json(),
    )
