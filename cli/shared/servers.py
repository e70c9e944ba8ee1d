"""Finds the servers for a verb: those named in the environment, otherwise those of `up` in DATA_DIR, or of the demo."""

import functools
from collections.abc import Callable
from pathlib import Path

import click

from cli.shared.data_directory import running_directory
from cli.shared.output import P, Result, Verb
from config.settings import point_at, settings
from embedded.refusal import Refused
from embedded.run_file import is_running, read_run

_DATA = "cli.data"


def on_servers(verb: Verb) -> Verb:
    """Adds --data, which names the `up` whose servers the verb uses, whatever the environment says."""
    option = click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        expose_value=False,
        callback=_remember,
        help="Use the servers that `up` runs in this directory.  [default: DATABASE_URL and REDIS_URL, or .data]",
    )
    return option(verb)


def _remember(context: click.Context, _option: click.Parameter, value: Path | None) -> None:
    if value:
        context.meta[_DATA] = value


def _directory_named() -> Path | None:
    """Returns what --data names."""
    context = click.get_current_context(silent=True)
    return context.meta.get(_DATA) if context else None


def find_servers() -> None:
    """Makes the settings name both servers; if there are none, says in one sentence how to get them."""
    chosen, named = settings(), _directory_named()
    if named is not None:
        run = read_run(named)
        if run is None:
            raise Refused(f"Nothing is running in {named}; start `python -m cli up --data {named}`.", code="NO_SERVERS")
        point_at(
            database_url=run.database_url,
            redis_url=run.redis_url,
            job_signing_key=run.job_signing_key,
            provider_key=run.provider_key,
            link_key=run.link_key,
            public_url=run.public_url,
        )
        return
    if chosen.database_url and chosen.redis_url:
        return
    directory = running_directory()
    run = read_run(directory)
    if run is None:
        raise Refused(_how_to_get_servers(), code="NO_SERVERS")
    if directory != chosen.data_dir:
        click.secho(f"using the demo, which runs in {directory}", err=True, dim=True)
    # A server named in the environment takes precedence, even if the other one is not.
    point_at(
        database_url=chosen.database_url.get_secret_value() if chosen.database_url else run.database_url,
        redis_url=chosen.redis_url.get_secret_value() if chosen.redis_url else run.redis_url,
        job_signing_key=None if chosen.redis_url else run.job_signing_key,
        provider_key=None if chosen.database_url else run.provider_key,
        link_key=None if chosen.database_url else run.link_key,
        public_url=None if chosen.database_url or chosen.public_url else run.public_url,
    )


def web_address() -> str:
    """Returns the address of web: PUBLIC_URL, or that of the `up` or demo that runs here."""
    if settings().public_url:
        return str(settings().public_url).rstrip("/")
    run = read_run(_directory_named() or running_directory())
    if run is None or run.web_url is None:
        raise Refused("No web runs here; set PUBLIC_URL to the address at which people reach it.", code="NO_WEB")
    return run.web_url


def with_database(verb: Callable[P, Result]) -> Callable[P, Result]:
    """Makes the verb find the servers and connect to the database, whose schema must fit, before it runs."""

    @on_servers
    @functools.wraps(verb)
    def connected(*args: P.args, **options: P.kwargs) -> Result:
        open_servers()
        from dispatch.process.schema import check_schema
        from models.database import db

        with db.connection_context():
            if newer := check_schema():
                click.secho(newer, err=True, fg="yellow")
            return verb(*args, **options)

    return connected


def open_servers() -> None:
    """Finds the servers and names the database to connect to, for verbs that connect by themselves."""
    from config.logging import start_logging
    from dispatch.tracing.recording import record_spans
    from models.database import open_database

    find_servers()
    chosen = settings()
    # People want the answer without its thirteen steps; LOG_LEVEL=INFO shows those.
    level = chosen.log_level if "log_level" in chosen.model_fields_set else "WARNING"
    start_logging(chosen.model_copy(update={"log_level": level}), process="cli")
    record_spans(chosen, "cli")
    assert chosen.database_url
    open_database(
        chosen.database_url.get_secret_value(),
        application="cli",
        pool=chosen.database_pool,
        allow_unsafe=chosen.environment == "test",
        statement_sec=chosen.database_timeout_sec,
    )


def _how_to_get_servers() -> str:
    directory = running_directory()
    if is_running(directory):
        return f"`up` is still starting in {directory}; try again in a moment"
    return (
        f"There are no servers: nothing is running in {directory}. Start `python -m cli up` in another terminal, "
        "or set DATABASE_URL and REDIS_URL"
    )
