"""`schedule`: registered functions that run once or again and again."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import click

from cli.schedule.options import chosen, given_in
from cli.shared.caller import by_hand
from cli.shared.output import answers, show_columns, show_value
from cli.shared.pages import pages
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, id_of, tenant_of
from dispatch.schedules import schedules
from dispatch.schedules.schedules import MAX_TIMES, NextTimesView, ScheduleRunView, ScheduleView
from dispatch.start.occurrences import register_occurrences
from models.page import Page
from models.states import SCHEDULE_STATES
from models.tenancy import ALL_ACCOUNTS
from scheduling.draft import ScheduleDraft

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
    register_occurrences()


@schedule.command()
@account_option(help="Whose schedule.")
@click.option("--type", "job_type", required=True, metavar="TYPE", help="Which registered function runs.")
@chosen
@answers()
@with_database
def create(account: str, job_type: str, **options: Any) -> ScheduleView:
    """Create a schedule, active at once. It needs --cron or --at.

    \b
    python -m cli schedule create --account Acme --type report.send --cron '0 9 * * MON' --zone Europe/Athens
    """
    if (options["cron"] is None) == (options["at"] is None):
        raise click.UsageError("Use either --cron EXPRESSION or --at ISO8601.")
    given: dict[str, Any] = {"job_payload": {}, **given_in(options)}
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
@chosen
@click.option("--no-max-runs", is_flag=True, help="Remove the limit of --max-runs.")
@answers()
@with_database
def update(schedule_id: UUID, no_max_runs: bool, **options: Any) -> ScheduleView:
    """Change a schedule that has not ended; a new rule counts from now on.

    Options left out change nothing; --cron replaces a time, and --at an expression.

    \b
    python -m cli schedule update 0b7e0c1e-5a51-4f6c-8a53-3d1f0d9c8a11 --cron '0 10 * * MON'
    """
    changes = given_in(options)
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
