"""`campaign watch`: follows a campaign's progress until it is final."""

import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.campaign.brief import campaign_id, on_clock, refusal
from cli.shared.caller import by_hand
from cli.shared.output import answers, console, wants_json
from cli.shared.servers import with_database
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.view import CampaignView
from dispatch.doctor.starting import TRY_AGAIN
from models.campaigns.blocking import FOR_A_PERSON
from models.states import CAMPAIGN_MOVES
from models.tenancy import ALL_ACCOUNTS

# A look reads the counts of the batches, not the messages.
LOOK_EVERY_SEC = 0.5


@click.command()
@campaign_id
@answers(show=lambda _: None)
@with_database
def watch(campaign_id: int) -> CampaignView:
    """Show a campaign's progress until it ends.

    Ctrl-C stops watching, not the campaign. In a pipe each change is a line. With --json the campaign is
    printed once, when it has ended.

    \b
    python -m cli campaign watch 1
    """
    try:
        return _follow(campaign_id)
    except KeyboardInterrupt:
        click.echo(f"Campaign {campaign_id} goes on; `campaign pause {campaign_id}` would pause it.", err=True)
        click.get_current_context().exit(1)


def _follow(campaign_id: int) -> CampaignView:
    """Shows the campaign until it ends, and returns it: as a picture that changes or, in a pipe, line by line."""
    screen = console()
    shown, said = read_campaign(by_hand(ALL_ACCOUNTS), campaign_id), ""
    looks = _looks(shown)
    if screen.is_terminal:
        with Live(_picture(shown), console=screen, auto_refresh=False, transient=wants_json()) as live:
            for shown in looks:
                live.update(_picture(shown), refresh=True)
        return shown
    for shown in looks:
        if not wants_json() and said != (said := _line(shown)):
            click.echo(said)
    return shown


def _looks(shown: CampaignView) -> Iterator[CampaignView]:
    """Yields the campaign as it is now, and again and again until it is final."""
    yield shown
    while CAMPAIGN_MOVES[shown.status]:
        time.sleep(LOOK_EVERY_SEC)
        shown = read_campaign(by_hand(ALL_ACCOUNTS), shown.id)
        yield shown


def _picture(shown: CampaignView) -> RenderableType:
    stats = shown.stats
    total, still_open = stats.total, stats.pending + stats.sending
    line = Table.grid(padding=(0, 1))
    line.add_row(
        Text(shown.name, style="bold"),
        shown.status,
        ProgressBar(total=total or 1, completed=total - still_open, width=40),
        _done(shown),
    )
    return Group(line, Text(_counts(shown), style="dim"), Text(_why_not(shown), style="yellow"))


def _line(shown: CampaignView) -> str:
    return "  ".join(filter(None, [shown.name, shown.status, _done(shown), _counts(shown), _why_not(shown)]))


def _done(shown: CampaignView) -> str:
    stats = shown.stats
    return f"{stats.total - stats.pending - stats.sending:,} of {stats.total:,}"


def _counts(shown: CampaignView) -> str:
    counts = asdict(shown.stats)
    return "  ".join(f"{state} {count:,}" for state, count in counts.items() if count and state != "total")


def _why_not(shown: CampaignView) -> str:
    """Returns what the campaign is waiting for, or why it stopped; empty when there is nothing to say."""
    if shown.blocked_reason:
        return " ".join(filter(None, (refusal(shown.blocked_reason), _again(shown))))
    if shown.status == "scheduled":
        return f"starts at {on_clock(shown.scheduled_at, shown.timezone)}"
    if shown.status == "draft":
        return f"a draft; `campaign enqueue {shown.id}` starts it"
    if shown.waits_until:
        return f"no message may be sent before {_at(shown.waits_until)}"
    return shown.reason or ""


def _again(shown: CampaignView) -> str:
    """Returns when it is tried again; nothing if only a person starts it."""
    if shown.status != "scheduled" or shown.blocked_reason in FOR_A_PERSON:
        return ""
    return f"{TRY_AGAIN} {f'at {_at(shown.next_check_at)}' if shown.next_check_at else 'by the next sweep'}."


def _at(time: datetime | None) -> str:
    return time.isoformat() if time else ""
