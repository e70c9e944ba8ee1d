"""`database`: migrates the schema, and shows what is inside."""

import os
from datetime import datetime
from typing import Any

import click
from psycopg.conninfo import conninfo_to_dict

from cli.shared.output import answers
from cli.shared.servers import find_servers, open_servers, with_database
from config.settings import settings
from embedded.binaries import psql_program
from embedded.refusal import Refused
from embedded.servers import child_environment


@click.group()
def database() -> None:
    """Migrate and inspect the database."""


@database.command()
@answers(show=lambda answer: click.echo("\n".join(answer["applied"]) or "the schema is up to date"))
def migrate() -> dict[str, list[str]]:
    """Apply pending migrations."""
    from models.migrate import migrate as apply

    open_servers()
    return {"applied": apply()}


@database.command()
@answers(failed=lambda steps: any(step["applied_at"] is None for step in steps))
def status() -> list[dict[str, str | datetime | None]]:
    """List the migrations; exit status 1 when one is pending."""
    from models.migrate import migration_status

    open_servers()
    return [{"name": name, "applied_at": applied_at} for name, applied_at in migration_status()]


@database.command()
@answers()
@with_database
def tables() -> list[dict[str, Any]]:
    """List the tables with their estimated number of rows and their size on disk."""
    from models.database import rows

    # The statistics collector's counts, without reading the tables.
    return rows(
        """SELECT relname AS name, n_live_tup AS rows, pg_total_relation_size(relid) AS bytes
           FROM pg_stat_user_tables ORDER BY relname"""
    )


@database.command()
def shell() -> None:
    """Open psql, PostgreSQL's shell, on the database."""
    find_servers()
    url = settings().database_url
    assert url
    psql = psql_program()
    if psql is None:
        raise Refused("psql is not installed; open DATABASE_URL with any PostgreSQL client", code="NO_PSQL")
    # The password is passed in the environment: anyone on the machine can read a command line.
    os.execve(psql, [str(psql)], child_environment(**_for_psql(url.get_secret_value())))


def _for_psql(url: str) -> dict[str, str]:
    """Returns the parts of the URL as the variables that psql reads: PGHOST, PGPORT, PGSSLMODE and so on."""
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    parts["database"] = parts.pop("dbname", "")
    return {f"PG{name.upper()}": value for name, value in parts.items()}
