"""`campaign watch`: follows a campaign's progress until it is final."""

import time
from dataclasses import asdict
from datetime import datetime

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.campaign.brief import campaign_id
from cli.shared.caller import by_hand
from cli.shared.output import answers, console, wants_json
from cli.shared.servers import with_database
from dispatch.campaigns.reading import read_campaign
from dispatch.campaigns.view import CampaignView
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

    Ctrl-C stops watching, not the campaign. With --json the campaign is printed once, when it has ended.

    \b
    python -m cli campaign watch 1
    """
    shown = read_campaign(by_hand(ALL_ACCOUNTS), campaign_id)
    with Live(_picture(shown), console=console(), auto_refresh=False, transient=wants_json()) as live:
        while CAMPAIGN_MOVES[shown.status]:
            time.sleep(LOOK_EVERY_SEC)
            shown = read_campaign(by_hand(ALL_ACCOUNTS), campaign_id)
            live.update(_picture(shown), refresh=True)
    return shown


def _picture(shown: CampaignView) -> RenderableType:
    stats = shown.stats
    total, still_open = stats.total, stats.pending + stats.sending
    line = Table.grid(padding=(0, 1))
    line.add_row(
        Text(shown.name, style="bold"),
        shown.status,
        ProgressBar(total=total or 1, completed=total - still_open, width=40),
        f"{total - still_open:,} of {total:,}",
    )
    counts = "  ".join(f"{state} {count:,}" for state, count in asdict(stats).items() if count and state != "total")
    return Group(line, Text(counts, style="dim"), Text(_why_not(shown), style="yellow"))


def _why_not(shown: CampaignView) -> str:
    """Returns what the campaign is waiting for, or why it stopped; empty when there is nothing to say."""
    if shown.blocked_reason:
        return f"{shown.blocked_reason}; checked again {_at(shown.next_check_at) or 'by the next sweep'}"
    if shown.status == "scheduled":
        return f"starts at {_at(shown.scheduled_at)}"
    if shown.status == "draft":
        return f"a draft; `campaign enqueue {shown.id}` starts it"
    if shown.waits_until:
        return f"waits for its recipients' hours until {_at(shown.waits_until)}"
    return shown.reason or ""


def _at(time: datetime | None) -> str:
    return time.isoformat() if time else ""
