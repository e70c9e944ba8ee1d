"""How every verb answers: one JSON value for programs, tables for people, one sentence for an error."""

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dispatch.errors import DispatchError
from embedded.refusal import Refused

Verb = Callable[..., Any]
Show = Callable[[Any], None]

_JSON = "cli.json"


def answers(*, show: Show | None = None, failed: Callable[[Any], bool] | None = None) -> Callable[[Verb], Verb]:
    """Adds --json to a verb, and prints what the verb returns: as JSON, or for people with `show`.

    When `failed` says so of the result, it is printed all the same and the exit status is 1.
    """

    def decorate(verb: Verb) -> Verb:
        @takes_json
        @functools.wraps(verb)
        def answered(*args: Any, **options: Any) -> None:
            result = verb(*args, **options)
            if wants_json():
                print_json(result)
            else:
                (show or show_value)(_plain(result))
            if failed and failed(result):
                click.get_current_context().exit(1)

        return answered

    return decorate


def takes_json(verb: Verb) -> Verb:
    """Adds --json and no more, for a verb that prints by itself while it runs."""
    option = click.option("--json", is_flag=True, expose_value=False, callback=_remember, help="Print JSON only.")
    return option(verb)


def wants_json() -> bool:
    """Whether the running verb was called with --json."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(_JSON))


def print_json(value: Any) -> None:
    """Prints one JSON value on one line."""
    click.echo(json.dumps(_plain(value), default=_text, ensure_ascii=False))


def console() -> Console:
    """Where people read: standard output, or standard error when --json keeps the former for the answer."""
    return Console(stderr=wants_json(), highlight=False)


def show_value(value: Any) -> None:
    """Shows a dict as two columns, a list of dicts as a table, and anything else as it is.

    Values are escaped: a campaign may be called "[/spring]", which is no markup.
    """
    if isinstance(value, Mapping):
        table = Table(show_header=False, box=None)
        for key, item in value.items():
            table.add_row(f"[bold]{key}[/bold]", escape(_cell(item)))
        console().print(table)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        table = Table(*value[0].keys(), box=None, header_style="bold")
        for row in value:
            table.add_row(*(escape(_cell(item)) for item in row.values()))
        console().print(table)
    elif value is not None:
        console().print("none" if value == [] else escape(_cell(value)))


@contextmanager
def explain_errors(context: click.Context) -> Iterator[None]:
    """Turns what the product refuses into one sentence (or one JSON object) and exit status 1."""
    try:
        yield
    except (DispatchError, Refused) as refused:
        _fail(context, refused.code, refused.message)
    except Exception as surprise:
        explanation = _explain(surprise)
        if explanation is None:
            raise
        _fail(context, *explanation)


def _fail(context: click.Context, code: str, message: str) -> None:
    if context.meta.get(_JSON):
        print_json({"error": {"code": code, "message": message}})
    else:
        click.secho(message, err=True, fg="red")
    context.exit(1)


def _explain(surprise: Exception) -> tuple[str, str] | None:
    # Imported late: `--help` should not wait for database drivers.
    from peewee import InterfaceError, OperationalError
    from psycopg import OperationalError as ServerError
    from redis import RedisError

    from embedded.binaries import MissingServer
    from embedded.home import UnreachableProgram, UnsafeDirectory
    from embedded.server import ServerDied

    if isinstance(surprise, OperationalError | InterfaceError | ServerError):
        return "DATABASE_UNAVAILABLE", f"PostgreSQL does not answer: {_first_line(surprise)}"
    if isinstance(surprise, RedisError):
        return "QUEUE_UNAVAILABLE", f"Redis does not answer: {_first_line(surprise)}"
    if isinstance(surprise, MissingServer | ServerDied | UnreachableProgram | UnsafeDirectory):
        return "SERVER_UNAVAILABLE", str(surprise)
    return None


def _remember(context: click.Context, _option: click.Parameter, value: bool) -> None:
    # `meta` is shared by a context and its parents, so the group that catches an error knows how to print it.
    if value:
        context.meta[_JSON] = True


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return "  ".join(f"{key} {_cell(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_cell(item) for item in value)
    return "" if value is None else _text(value)


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def _first_line(problem: Exception) -> str:
    return str(problem).strip().split("\n")[0] or type(problem).__name__
