"""`database`: migrates the schema, shows the tables, and backs them up."""

import os
import sys
from pathlib import Path

import click

from cli.shared.csv_file import WrittenFile
from cli.shared.dump import dump_database, for_libpq
from cli.shared.output import answers
from cli.shared.servers import find_servers, on_servers, open_servers
from config.settings import settings
from dispatch.process.schema import check_schema
from embedded.binaries import psql_program
from embedded.refusal import Refused
from embedded.servers import child_environment
from models.database import db
from models.migrate import MigrationStep, migration_status
from models.migrate import migrate as apply_migrations
from models.table_size import TableSize, table_sizes


@click.group()
def database() -> None:
    """Migrate and inspect the database."""


def _show_applied(answer: dict[str, list[str]]) -> None:
    click.echo("\n".join(answer["applied"]) or "the schema is up to date")


@database.command()
@answers(show=_show_applied)
@on_servers
def migrate() -> dict[str, list[str]]:
    """Apply pending migrations.

    \b
    python -m cli database migrate
    """
    open_servers()
    applied = apply_migrations()
    with db.connection_context():
        if newer := check_schema():
            click.secho(newer, err=True, fg="yellow")
    return {"applied": applied}


def _is_pending(steps: list[MigrationStep]) -> bool:
    return any(step.applied_at is None for step in steps)


@database.command()
@answers(failed=_is_pending)
@on_servers
def status() -> list[MigrationStep]:
    """List the migrations; exit status 1 when one is pending.

    \b
    python -m cli database status
    """
    open_servers()
    return migration_status()


@database.command()
@answers()
@on_servers
def tables() -> list[TableSize]:
    """List the tables with their estimated number of rows and their size on disk.

    \b
    python -m cli database tables
    """
    open_servers()
    with db.connection_context():
        sizes = table_sizes()
        if not sizes:
            check_schema()
        return sizes


@database.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@answers()
@on_servers
def dump(file: Path) -> WrittenFile:
    """Back up the database to a script, which `database shell` restores.

    It is written by a pg_dump that is not older than the server, from wherever it is installed.

    \b
    python -m cli database dump campaigns.sql
    """
    open_servers()
    url = settings().database_url
    assert url
    with db.connection_context():
        major = db.connection().info.server_version // 10_000
    return dump_database(url.get_secret_value(), file, major=major)


@database.command()
@on_servers
def shell() -> None:
    """Open psql, PostgreSQL's shell, on the database.

    A script on standard input stops at its first error, with exit status 3.

    \b
    python -m cli database shell
    """
    find_servers()
    url = settings().database_url
    assert url
    psql = psql_program()
    if psql is None:
        raise Refused("psql is not installed; open DATABASE_URL with any other PostgreSQL client.", code="NO_PSQL")
    for_scripts = [] if sys.stdin.isatty() else ["--no-psqlrc", "--set=ON_ERROR_STOP=1"]
    os.execve(psql, [str(psql), *for_scripts], child_environment(**for_libpq(url.get_secret_value())))
