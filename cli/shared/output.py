"""How every verb answers: one JSON value for programs, tables for people, one sentence for an error."""

import functools
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any, ParamSpec, TypeVar, overload

import click
from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.shared.proposals import with_options
from cli.shared.unwritten import CliConsole, note_done, note_refused
from dispatch.errors import DispatchError
from embedded.refusal import Refused
from models.page import Page

Verb = Callable[..., Any]
P = ParamSpec("P")
Result = TypeVar("Result")

_JSON = "cli.json"
# What a terminal would obey, or show in another order than it is written; line breaks and tabs stay.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# A row stays on its line for `grep` and `cut`.
WIDTH_OF_A_PIPE = 10_000


@overload
def answers() -> Callable[[Callable[P, Result]], Callable[P, None]]: ...
@overload
def answers(
    *, show: Callable[[Result], None], failed: Callable[[Result], int] | None = None
) -> Callable[[Callable[P, Result]], Callable[P, None]]: ...
@overload
def answers(*, failed: Callable[[Result], int]) -> Callable[[Callable[P, Result]], Callable[P, None]]: ...
def answers(
    *, show: Callable[[Result], None] | None = None, failed: Callable[[Result], int] | None = None
) -> Callable[[Callable[P, Result]], Callable[P, None]]:
    """Adds --json to a verb, and prints what the verb returns: as JSON, or for people with `show`.

    A result is a view, a dataclass, a page or a list of them, or anything that JSON knows. It is printed even when
    `failed` says that it is a failure; the exit status is what that returns, so True is 1.
    """

    def decorate(verb: Callable[P, Result]) -> Callable[P, None]:
        @takes_json
        @functools.wraps(verb)
        def answered(*args: P.args, **options: P.kwargs) -> None:
            result = verb(*args, **options)
            note_done(click.get_current_context())
            if wants_json():
                print_json(result)
            else:
                (show or show_value)(result)
                _say_total(result)
            if failed and (status := failed(result)):
                click.get_current_context().exit(int(status))

        return answered

    return decorate


def _say_total(result: object) -> None:
    """Says on standard error, so that a pipe gets rows only, how many rows there are when the page has not all."""
    if isinstance(result, Page) and len(result.rows) < result.total:
        click.secho(
            f"{len(result.rows):,} of {result.total:,}; --page 2 and --page-size show others", err=True, dim=True
        )


def takes_json(verb: Verb) -> Verb:
    """Adds --json and no more, for a verb that prints by itself while it runs."""
    # Eager, so that what another option refuses is JSON too.
    option = click.option(
        "--json", is_flag=True, is_eager=True, expose_value=False, callback=_remember, help="Print JSON only."
    )
    return option(verb)


def wants_json() -> bool:
    """Whether the running verb was called with --json."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(_JSON))


def print_json(value: object) -> None:
    """Prints one JSON value on one line."""
    click.echo(_json(value))


def console() -> Console:
    """Where people read: standard output, or standard error when --json keeps the former for the answer."""
    made = CliConsole(stderr=wants_json(), highlight=False)
    if not made.is_terminal:
        made.width = WIDTH_OF_A_PIPE
    return made


def show_value(value: object) -> None:
    """Shows an object as two columns, a list of objects as a table, and anything else as it is.

    What people see are the fields and values that --json prints.
    """
    _show(json.loads(_json(value)))


def show_columns(*names: str) -> Callable[[object], None]:
    """Returns what shows a page or a list with these columns only."""

    def show(value: object) -> None:
        _show([{name: each[name] for name in names} for each in json.loads(_json(value))])

    return show


def _show(value: Any) -> None:
    # Values are escaped: a campaign may be called "[/spring]", which is not markup.
    match value:
        case None:
            return
        case []:
            console().print("none")
        case dict():
            table = Table(show_header=False, box=None)
            for key, item in value.items():
                table.add_row(f"[bold]{key}[/bold]", escape(_cell(item)))
            console().print(table)
        case [dict() as first, *_]:
            table = Table(box=None, header_style="bold")
            for name in first:
                # On a narrow terminal an id stays in one piece, to be copied, and nothing is cut off.
                table.add_column(name, no_wrap=name == "id", overflow="fold")
            for row in value:
                table.add_row(*(escape(_in_its_row(_cell(item))) for item in row.values()))
            console().print(table)
        case _:
            console().print(escape(_cell(value)))


def _in_its_row(cell: str) -> str:
    """Returns the cell, in a pipe without its line breaks."""
    return cell if console().is_terminal else " ".join(cell.splitlines())


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case dict():
            return "  ".join(f"{key} {_cell(item)}" for key, item in value.items())
        case list():
            return ", ".join(_cell(item) for item in value)
        case _:
            return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", str(value))


def _json(value: object) -> str:
    return json.dumps(value, default=_as_json, ensure_ascii=False)


def _as_json(value: object) -> Any:
    """What json.dumps writes for a value that it does not know."""
    match value:
        case Page():
            return value.rows
        case BaseModel():
            return value.model_dump(mode="json")
        case datetime() | date():
            return value.isoformat()
        case _ if is_dataclass(value):
            return {field.name: getattr(value, field.name) for field in fields(value)}
        case _:
            return str(value)


@contextmanager
def explain_errors(context: click.Context) -> Iterator[None]:
    """Turns what the product refuses into one sentence (or one JSON object) and exit status 1."""
    try:
        yield
    except (DispatchError, Refused) as refused:
        _fail(context, refused.code, f"{refused.message}{with_options(refused)}")
    except Exception as surprise:
        explanation = _explain(surprise)
        if explanation is None:
            raise
        _fail(context, *explanation)
    except SystemExit as ended:
        # A setting that cannot be used: one line, with which the other processes end.
        if not isinstance(ended.code, str):
            raise
        _fail(context, code="BAD_SETTING", message=ended.code.removeprefix("campaign-dispatch: "))


def _fail(context: click.Context, code: str, message: str) -> None:
    note_refused(context, message)
    if context.meta.get(_JSON):
        print_json({"error": {"code": code, "message": message}})
    else:
        click.secho(message, err=True, fg="red")
    context.exit(1)


def _explain(surprise: Exception) -> tuple[str, str] | None:
    # Imported late: `--help` should not wait for database drivers.
    from psycopg.errors import InsufficientPrivilege
    from redis import RedisError

    from config.redis import why_unusable
    from embedded.binaries import MissingServer
    from embedded.home import UnreachableProgram, UnsafeDirectory
    from embedded.server import ServerDied
    from models.failures import PASSING_ERRORS
    from models.migrate import ForeignTables
    from models.unreachable import why_unreachable

    if isinstance(surprise, ForeignTables):
        return "FOREIGN_TABLES", str(surprise)
    original = getattr(surprise, "orig", surprise)  # peewee wraps the driver's exceptions
    if isinstance(original, InsufficientPrivilege):
        return "DATABASE_UNAVAILABLE", f"The user in DATABASE_URL lacks a right in PostgreSQL: {_first_line(original)}."
    if isinstance(surprise, PASSING_ERRORS):
        why = why_unreachable(surprise)
        return "DATABASE_UNAVAILABLE", why or f"PostgreSQL does not answer: {_first_line(surprise)}"
    if isinstance(surprise, RedisError):
        return "QUEUE_UNAVAILABLE", why_unusable(surprise) or f"Redis does not answer: {_first_line(surprise)}"
    if isinstance(surprise, MissingServer | ServerDied | UnreachableProgram | UnsafeDirectory):
        return "SERVER_UNAVAILABLE", str(surprise)
    return None


def _remember(context: click.Context, _option: click.Parameter, value: bool) -> None:
    # `meta` is shared by a context and its parents, so the group that catches an error knows how to print it.
    if value:
        context.meta[_JSON] = True


def _first_line(problem: Exception) -> str:
    return str(problem).strip().split("\n")[0] or type(problem).__name__
