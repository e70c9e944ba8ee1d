"""`sweep`: sweeps once, now, as the sweeper does every minute."""

from typing import TYPE_CHECKING

import click

from cli.shared.caller import by_hand
from cli.shared.output import answers, console, show_value
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, tenant_of

if TYPE_CHECKING:
    from dispatch.start.swept import SweepReport


def _show(report: "SweepReport") -> None:
    if not report.processed_count and not report.locked:
        console().print("no campaign is due")
    if report.campaigns:
        show_value(report.campaigns)
    if report.errors:
        show_value(report.errors)
    if report.locked:
        console().print("another process was starting these:")
        show_value(report.locked)


@click.command()
@click.option("--once", is_flag=True, required=True, help="Sweep once; `python -m sweeper` sweeps every minute.")
@account_option(required=False, help="Only this account's campaigns.  [default: all]")
@answers(show=_show)
@with_database
def sweep(once: bool, account: str | None) -> "SweepReport":
    """Start the campaigns that are due, oldest first, and report on each.

    It is safe beside a running sweeper: each campaign is started once. One that cannot start
    (no credits, no recipients) is reported and checked again later.

    \b
    python -m cli sweep --once
    python -m cli sweep --once --account Acme --json
    """
    # Imported late, so that `--help` does not wait for RQ.
    from dispatch.start.sweep import sweep_due

    return sweep_due(by_hand(tenant_of(account)))
