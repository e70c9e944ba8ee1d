"""`schedule`: registered functions that run once or again and again."""

from dataclasses import dataclass
from typing import Any, cast, get_args
from uuid import UUID

import click

from cli.shared.arguments import json_of, time_of
from cli.shared.caller import by_hand
from cli.shared.output import Verb, answers, show_columns, show_value
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of, tenant_of
from dispatch.schedules import schedules
from dispatch.schedules.schedules import MAX_TIMES, NextTimesView, ScheduleRunView, ScheduleView
from models.page import Page
from models.states import SCHEDULE_STATES
from models.tenancy import ALL_ACCOUNTS
from scheduling.draft import Changes, Misfire, ScheduleDraft

_id = click.argument("schedule_id", metavar="ID", type=click.UUID)


@dataclass(frozen=True, slots=True)
class DeletedSchedule:
    """A schedule that was deleted."""

    id: UUID
    deleted: bool = True


def _show_times(found: NextTimesView) -> None:
    show_value(found.description)
    show_value([{"next": f"{time:%a %d %b %Y %H:%M %z}"} for time in found.times])


@click.group()
def schedule() -> None:
    """Run registered functions once or again and again."""


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


def _chosen(verb: Verb) -> Verb:
    """Adds the options that `create` and `update` share."""
    # The last decorator's option is shown first.
    for option in reversed(_CHOSEN):
        verb = option(verb)
    return verb


def _given(options: dict[str, Any]) -> Changes:
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


@schedule.command()
@account_option(help="Whose schedule.")
@click.option("--type", "job_type", required=True, metavar="TYPE", help="Which registered function runs.")
@_chosen
@answers()
@with_database
def create(account: str, job_type: str, **options: Any) -> ScheduleView:
    """Create a schedule, active at once. It needs --cron or --at.

    \b
    python -m cli schedule create --account Acme --type report.send --cron '0 9 * * MON' --zone Europe/Athens
    """
    given: dict[str, Any] = {"job_payload": {}, **_given(options)}
    return schedules.create_schedule(by_hand(id_of(account)), ScheduleDraft(job_type=job_type, **given))


@schedule.command("list")
@account_option(required=False, help="Only this account's.  [default: all]")
@click.option("--status", type=click.Choice(list(SCHEDULE_STATES)), help="Only those of this status.")
@click.option("--type", "job_type", metavar="TYPE", help="Only those of this type.")
@pages
@answers(show=show_columns("id", "job_type", "description", "status", "next_run_at", "run_count"))
@with_database
def list_(
    account: str | None, status: str | None, job_type: str | None, page: int, page_size: int
) -> Page[ScheduleView]:
    """List schedules, newest first.

    \b
    python -m cli schedule list --account Acme --status active
    """
    caller = by_hand(tenant_of(account))
    return schedules.list_schedules(caller, status=status, job_type=job_type, page=page, page_size=page_size)


@schedule.command()
@_id
@_chosen
@click.option("--no-max-runs", is_flag=True, help="Remove the limit of --max-runs.")
@answers()
@with_database
def update(schedule_id: UUID, no_max_runs: bool, **options: Any) -> ScheduleView:
    """Change a schedule that has not ended; a new rule counts from now on.

    Options left out change nothing; --cron replaces a time, and --at an expression.

    \b
    python -m cli schedule update 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11 --cron '0 10 * * MON'
    """
    changes = _given(options)
    if no_max_runs:
        if "max_runs" in changes:
            raise click.UsageError("Use either --max-runs N or --no-max-runs, not both.")
        changes["max_runs"] = None
    return schedules.edit_schedule(by_hand(ALL_ACCOUNTS), schedule_id, changes)


@schedule.command()
@_id
@answers()
@with_database
def show(schedule_id: UUID) -> ScheduleView:
    """Show a schedule, its rule in words and when it runs next.

    \b
    python -m cli schedule show 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11
    """
    return schedules.read_schedule(by_hand(ALL_ACCOUNTS), schedule_id)


@schedule.command()
@_id
@answers()
@with_database
def pause(schedule_id: UUID) -> ScheduleView:
    """Stop a schedule for now; a run that has begun goes on.

    \b
    python -m cli schedule pause 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11
    """
    return schedules.pause_schedule(by_hand(ALL_ACCOUNTS), schedule_id)


@schedule.command()
@_id
@answers()
@with_database
def resume(schedule_id: UUID) -> ScheduleView:
    """Let a paused or failed schedule run again, from its next time on.

    \b
    python -m cli schedule resume 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11
    """
    return schedules.resume_schedule(by_hand(ALL_ACCOUNTS), schedule_id)


@schedule.command()
@_id
@answers()
@with_database
def cancel(schedule_id: UUID) -> ScheduleView:
    """End a schedule for good; its runs can still be listed.

    \b
    python -m cli schedule cancel 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11
    """
    return schedules.cancel_schedule(by_hand(ALL_ACCOUNTS), schedule_id)


@schedule.command()
@_id
@answers()
@with_database
def delete(schedule_id: UUID) -> DeletedSchedule:
    """Delete a schedule with its runs. Refused while one of them has not ended.

    \b
    python -m cli schedule delete 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11
    """
    schedules.delete_schedule(by_hand(ALL_ACCOUNTS), schedule_id)
    return DeletedSchedule(schedule_id)


@schedule.command("run-now")
@_id
@answers()
@with_database
def run_now(schedule_id: UUID) -> ScheduleRunView:
    """Run an active schedule now: the sweeper begins it within SCHEDULE_TICK_INTERVAL_MS.

    \b
    python -m cli schedule run-now 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11
    """
    return schedules.run_schedule_now(by_hand(ALL_ACCOUNTS), schedule_id)


@schedule.command()
@_id
@pages
@answers(show=show_columns("run_at", "status", "attempt", "started_at", "ended_at", "error"))
@with_database
def runs(schedule_id: UUID, page: int, page_size: int) -> Page[ScheduleRunView]:
    """List a schedule's runs, newest first, with what became of each.

    \b
    python -m cli schedule runs 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11
    """
    return schedules.list_runs(by_hand(ALL_ACCOUNTS), schedule_id, page=page, page_size=page_size)


@schedule.command("next")
@_id
@click.argument("count", type=click.IntRange(1, MAX_TIMES), default=10)
@answers(show=_show_times)
@with_database
def next_(schedule_id: UUID, count: int) -> NextTimesView:
    """Show the next COUNT times (10) of an active schedule, in its zone.

    \b
    python -m cli schedule next 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11 10
    """
    return schedules.next_times(by_hand(ALL_ACCOUNTS), schedule_id, count=count)
