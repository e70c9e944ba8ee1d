"""`run-due`: runs the due campaigns from cron or CI."""

import functools
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import click
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from cli.shared.arguments import row_id
from cli.shared.caller import by_hand
from cli.shared.output import answers, console, print_json, show_value, wants_json
from cli.shared.servers import with_database
from cli.shared.unwritten import CliConsole
from config.settings import BadSetting, settings
from config.shared_metrics import check_metrics_directory
from config.stopping import stop_on_signals
from dispatch.errors import RemoteNotConfigured
from models.tenancy import ALL_ACCOUNTS

if TYPE_CHECKING:
    from dispatch.runs.report import RunCampaign, RunReport

Verb = Callable[[bool, int | None], "RunReport"]

MISCONFIGURED = 2


def _show(report: "RunReport") -> None:
    if not report.processed:
        console().print("no campaign is due")
    if report.campaigns:
        show_value(report.campaigns)
    if report.errors:
        show_value(report.errors)
    if report.locked:
        console().print("another process was starting these:")
        show_value(report.locked)


def _status(report: "RunReport") -> int:
    """Returns 2 when something is not configured, 1 when something else failed, and otherwise 0."""
    codes = {error.error for error in report.errors}
    return MISCONFIGURED if RemoteNotConfigured.code in codes else int(bool(codes))


def _names_what_is_missing(verb: Verb) -> Verb:
    """Ends with status 2 when a variable is missing or wrong; the message names it."""

    @functools.wraps(verb)
    def checked(once: bool, campaign_id: int | None) -> "RunReport":
        try:
            settings()
            return verb(once, campaign_id)
        except BadSetting as problem:
            _end(str(problem).removeprefix("campaign-dispatch: "))
        except RemoteNotConfigured as problem:
            _end(problem.message)

    return checked


def _end(message: str) -> NoReturn:
    if wants_json():
        print_json({"error": {"code": RemoteNotConfigured.code, "message": message}})
    else:
        click.secho(message, err=True, fg="red")
    click.get_current_context().exit(MISCONFIGURED)


@click.command("run-due")
@click.option("--once", is_flag=True, help="Prepare and send here, and wait until every campaign has ended.")
@click.option("--campaign", "campaign_id", metavar="ID", type=row_id, help="Only this one, now, due or not.")
@answers(show=_show, failed=_status)
@_names_what_is_missing
@with_database
def run_due(once: bool, campaign_id: int | None) -> "RunReport":
    """Start the campaigns that are due, from cron or CI.

    Workers do the rest; with --once this process prepares and sends by itself, beside any workers, also what an
    earlier run left. The status is 0; 1 when a campaign could not start or did not complete; 2 when a variable is
    missing or wrong.

    \b
    python -m cli run-due
    python -m cli run-due --once --json
    """
    # Imported late, so that `--help` does not wait for RQ.
    from dispatch.runs.in_place import run_in_place
    from dispatch.runs.push import push_due

    caller = by_hand(ALL_ACCOUNTS)
    if not once:
        return push_due(caller, campaign_id=campaign_id)
    # Every call is counted there, and one that cannot be would end the run among its calls.
    check_metrics_directory(settings())
    with _stopping_on_signals(), _progress() as look:
        return run_in_place(caller, campaign_id=campaign_id, look=look)


@contextmanager
def _progress() -> Iterator[Callable[[Sequence["RunCampaign"]], None]]:
    """Yields what shows a bar for each campaign on a terminal, and nothing in a pipe."""
    err = CliConsole(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[status]}"))
    bars: dict[int, TaskID] = {}
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:

        def look(campaigns: Sequence["RunCampaign"]) -> None:
            for each in campaigns:
                if each.campaign_id not in bars:
                    bars[each.campaign_id] = progress.add_task(escape(each.name), total=None, status="")
                stats = each.stats
                done = stats.total - stats.pending - stats.sending
                progress.update(bars[each.campaign_id], total=stats.total or None, completed=done, status=each.status)

        yield look


@contextmanager
def _stopping_on_signals() -> Iterator[None]:
    """Lets a signal finish what is in flight instead of losing its answers, until the end of the block."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    stop_on_signals()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
