"""`doctor`: why campaigns do not move, when they will end, and what the installation lacks."""

from zoneinfo import ZoneInfo

import click
from rich.markup import escape

from cli.shared.caller import by_hand
from cli.shared.output import answers, console
from cli.shared.servers import on_servers, open_servers
from cli.shared.tenant import account_option, tenant_of
from dispatch.doctor.codes import Reason
from dispatch.doctor.diagnosis import CampaignDiagnosis, Diagnosis, diagnose, without_database, without_schema
from models.database import db
from models.failures import PASSING_ERRORS

# It is listed for what is left to settle, or for its reason; there is nothing that could move.
_ENDED = ("completed", "cancelled", "failed")


def _show(diagnosis: Diagnosis) -> None:
    out = console()
    for each in diagnosis.campaigns:
        out.print(f"[bold]{each.id}[/bold]  {escape(each.name)}: {_standing(each)}")
        _show_reasons(each.reasons)
    if diagnosis.campaigns_left_out:
        out.print("More campaigns wait; --account NAME shows those of one account.", style="dim")
    if not diagnosis.campaigns:
        out.print("No campaign has anything left to do.")
    if diagnosis.installation:
        out.print("[bold]The installation[/bold]")
        _show_reasons(diagnosis.installation)
    if diagnosis.ok:
        out.print("[green]Nothing needs you.[/green]")
    else:
        out.print("[red]Something needs a person[/red]: what is above says what to do.")


def _standing(campaign: CampaignDiagnosis) -> str:
    if campaign.status in _ENDED:
        return campaign.status
    if not campaign.moving:
        return f"{campaign.status}, not moving"
    if campaign.ends_at is None:
        return f"{campaign.status}, moving"
    end = f"{campaign.ends_at.astimezone(ZoneInfo(campaign.timezone)):%Y-%m-%d %H:%M} ({campaign.timezone})"
    return f"{campaign.status}, moving; all sent at about {end}"


def _show_reasons(reasons: list[Reason]) -> None:
    for reason in reasons:
        console().print(f"    {escape(reason.text)}  [dim]({reason.code})[/dim]")


def _needs_person(diagnosis: Diagnosis) -> bool:
    return not diagnosis.ok


@click.command()
@account_option(required=False, help="Only this account's campaigns.  [default: all]")
@answers(show=_show, failed=_needs_person)
@on_servers
def doctor(account: str | None) -> Diagnosis:
    """Say why each campaign that does not move does not, when the others will end, and what the installation lacks.

    The exit status is 1 when something needs a person. docs/doctor.md lists the codes and what to do about each.

    \b
    python -m cli doctor
    python -m cli doctor --account Acme --json
    """
    try:
        open_servers()
        with db.connection_context():
            return without_schema() or diagnose(by_hand(tenant_of(account)), installation=True)
    except PASSING_ERRORS as problem:
        return without_database(problem)
