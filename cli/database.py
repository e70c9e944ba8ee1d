"""`database`: migrates the schema, and shows the tables."""

import os
import sys

import click
from psycopg.conninfo import conninfo_to_dict

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
        return table_sizes()


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
    # The password is passed in the environment: anyone on the machine can read a command line.
    for_scripts = [] if sys.stdin.isatty() else ["--no-psqlrc", "--set=ON_ERROR_STOP=1"]
    os.execve(psql, [str(psql), *for_scripts], child_environment(**_for_psql(url.get_secret_value())))


def _for_psql(url: str) -> dict[str, str]:
    """Returns the parts of the URL as the variables that psql reads: PGHOST, PGPORT, PGSSLMODE and so on."""
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    parts["database"] = parts.pop("dbname", "")
    return {f"PG{name.upper()}": value for name, value in parts.items()}
