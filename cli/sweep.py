"""`sweep`: what the sweeper does every minute, once and now."""

from dataclasses import asdict
from typing import Any

import click

from cli.shared.caller import by_hand
from cli.shared.output import answers, console, show_value
from cli.shared.servers import with_database
from cli.shared.tenant import account_option, tenant_of


def _show(report: dict[str, Any]) -> None:
    if not report["processed_count"]:
        console().print("no campaign is due")
    for found in (report["campaigns"], report["errors"]):
        if found:
            show_value(list(found))


@click.command()
@click.option("--once", is_flag=True, required=True, help="Sweep once; `python -m sweeper` sweeps all the time.")
@account_option(required=False, help="Only this account's campaigns.  [default: all]")
@answers(show=_show)
@with_database
def sweep(once: bool, account: str | None) -> dict[str, Any]:
    """Start the campaigns that are due, oldest first, and report on each.

    It is safe beside a running sweeper: a campaign is started once, whoever comes first. One that
    cannot start (no credits, nobody to send to) is reported and looked at again later.

    \b
    python -m cli sweep --once
    python -m cli sweep --once --account Acme --json
    """
    # Imported late: it brings RQ, which `--help` need not wait for.
    from dispatch.start.sweep import sweep_due

    report = sweep_due(by_hand(tenant_of(account)))
    found = asdict(report)
    return {"processed_count": found["processed"], "campaigns": found["campaigns"], "errors": found["errors"]}
