"""The options of `schedule create` and `schedule update`: what is chosen of a schedule."""

from typing import Any, cast, get_args

import click

from cli.shared.arguments import json_of, time_of
from cli.shared.output import Verb
from scheduling.draft import Changes, Misfire

_CHOSEN = (
    click.option("--payload", metavar="JSON", help="What the function is told, or a file as @payload.json."),
    click.option("--cron", metavar="EXPRESSION", help="Run again and again, for example '0 9 * * MON' or @daily."),
    click.option("--at", metavar="ISO8601", help="Run once, for example at 2030-01-31T09:00:00+02:00."),
    click.option("--zone", metavar="NAME", help="The IANA zone of --cron, such as Europe/Athens (new schedules: UTC)."),
    click.option(
        "--misfire",
        type=click.Choice(get_args(Misfire)),
        help="Which runs that are too late run after all: none, the last one or several (new schedules: run_once).",
    ),
    click.option(
        "--grace", "grace_sec", type=int, metavar="SECONDS", help="How late a run may be (new schedules: 300)."
    ),
    click.option("--catch-up", "catch_up_limit", type=int, metavar="N", help="The most that run_all makes up for."),
    click.option("--max-runs", type=int, metavar="N", help="Complete it after so many runs."),
)


def chosen(verb: Verb) -> Verb:
    """Adds the options that `create` and `update` share."""
    # The last decorator's option is shown first.
    for option in reversed(_CHOSEN):
        verb = option(verb)
    return verb


def given_in(options: dict[str, Any]) -> Changes:
    """Returns what was typed, under the names that schedules have for it."""
    payload, cron, at, zone = (options.pop(name) for name in ("payload", "cron", "at", "zone"))
    read = {
        "job_payload": None if payload is None else _object(json_of(payload, option="--payload")),
        "cron_expression": cron,
        "scheduled_at": None if at is None else time_of(at, option="--at"),
        "timezone": zone,
        **options,
    }
    return cast(Changes, {name: value for name, value in read.items() if value is not None})


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise click.UsageError('--payload is a JSON object, like \'{"text": "hello"}\'.')
    return value
